"""What arrives on the wire, and what goes back."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson

from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

QUERY = "{ passwordPolicy { minimumLength } }"
GOOD = {"data": {"passwordPolicy": {"minimumLength": 8}}}
NEW = "application/graphql-response+json"


def _code(body: Any) -> str:
    assert "data" not in body
    return str(body["errors"][0]["extensions"]["code"])


async def test_the_response_has_the_type_that_the_client_accepts(api: Api) -> None:
    expected = [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (NEW, NEW),
        (f"{NEW}, application/json;q=0.9", NEW),
        (f"{NEW}, application/json", NEW),
        (f"application/json, {NEW}", NEW),
        (f"application/json;q=0.5, {NEW};Q=0.5", NEW),
        (f"{NEW}, application/graphql+json, application/json, text/event-stream, multipart/mixed", NEW),
        (f"multipart/mixed;deferSpec=20220824, {NEW}, application/json;q=0.9", NEW),
        (f"{NEW} ; charset=utf-8 ; q = 1, application/json", NEW),
        (f"{NEW};q=0.4, application/json;charset=utf-8;q=0.5", "application/json"),
        (f"{NEW}, */*", NEW),
        ("application/json, */*", "application/json"),
        ("application/*", "application/json"),
        (f"{NEW};q=0, */*", "application/json"),
        (f"{NEW};q=0.4, application/json;q=0.5", "application/json"),
        (f"text/html, application/*;q=0.1, {NEW};q=0.2", NEW),
        (f"application/json;q=0, {NEW};q=0, */*", None),
        ("text/html", None),
    ]

    answered = [(accept, await _answered_type(api, accept)) for accept, _ in expected]

    assert answered == expected


async def _answered_type(api: Api, accept: str | None) -> str | None:
    """The media type of the answer, or None if it says that none is accepted."""
    request = api.http.build_request("POST", "/graphql", json={"query": QUERY})
    request.headers.pop("accept")
    request.headers.update({"accept": accept} if accept else {})
    response = await api.http.send(request)
    if response.status_code == 406:
        assert _code(response.json()) == "BAD_REQUEST"
        return None
    assert response.json() == GOOD
    return str(response.headers["content-type"]).removesuffix("; charset=utf-8")


async def test_several_accept_headers_are_joined(api: Api) -> None:
    request = api.http.build_request("POST", "/graphql", json={"query": QUERY}, headers=[("accept", "text/html")])
    request.headers = httpx2.Headers([*request.headers.multi_items(), ("accept", NEW)])

    response = await api.http.send(request)

    assert response.headers["content-type"] == f"{NEW}; charset=utf-8"


async def test_a_bad_request_is_refused_without_data(api: Api) -> None:
    expected = [
        (b"5", "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b'"a"', "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b"", "BAD_REQUEST"),
        (b"\xff\xfe", "BAD_REQUEST"),
        (b'{"query": 5}', "BAD_REQUEST"),
        (b'{"query": ""}', "BAD_REQUEST"),
        (b'{"query": NaN}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": {"n": ' + b"1" * 5000 + b"}}", "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "{a}", "extensions": 5}', "BAD_REQUEST"),
        (b'{"query": "{a}", "operationName": 5}', "BAD_REQUEST"),
        (b'{"query": "{a}", "operationName": "\\ud800"}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}", "BAD_REQUEST"),
        (b"[" * 5000 + b"]" * 5000, "BAD_REQUEST"),
        (b'{"query": "{ nothing"}', "PARSE_FAILED"),
        (b'{"query": "{ nothing }"}', "VALIDATION_FAILED"),
        (
            b'{"query": "query A {passwordPolicy{minimumLength}} query B {passwordPolicy{minimumLength}}"}',
            "BAD_REQUEST",
        ),
    ]
    headers = {"content-type": "application/json", "accept": NEW}

    responses = [await api.http.post("/graphql", content=body, headers=headers) for body, _ in expected]

    assert {response.status_code for response in responses} == {400}
    assert [_code(response.json()) for response in responses] == [code for _, code in expected]


async def test_legacy_clients_get_200_for_a_document_that_is_refused(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": "{ nothing }"}, headers={"accept": "application/json"})

    assert response.status_code == 200
    assert _code(response.json()) == "VALIDATION_FAILED"


async def test_only_json_in_utf_8_is_accepted(api: Api) -> None:
    foreign = [
        *("", "text/plain", "application/jsonx", "application/json; charset=latin-1"),
        *("application/x-www-form-urlencoded", "application/json, text/plain", "text/plain; x=, application/json"),
    ]

    statuses = {content_type: (await _typed(api, content_type)).status_code for content_type in foreign}

    assert statuses == dict.fromkeys(foreign, 415)


async def test_any_spelling_of_the_json_type_is_accepted(api: Api) -> None:
    spellings = [
        *("application/json;charset=UTF-8", 'application/json; charset="utf-8"', "Application/JSON ; odata=verbose"),
        *("application/graphql+json", NEW, "application/json, application/json"),
    ]

    answers = {content_type: (await _typed(api, content_type)).json() for content_type in spellings}

    assert answers == dict.fromkeys(spellings, GOOD)


async def _typed(api: Api, content_type: str) -> httpx2.Response:
    body = orjson.dumps({"query": QUERY})
    return await api.http.post("/graphql", content=body, headers={"content-type": content_type})


async def test_json_may_begin_with_one_byte_order_mark(api: Api) -> None:
    body = orjson.dumps({"query": QUERY})
    headers = {"content-type": "application/json"}

    once, twice = [
        await api.http.post("/graphql", content=b"\xef\xbb\xbf" * times + body, headers=headers) for times in (1, 2)
    ]

    assert once.json() == GOOD
    assert _code(twice.json()) == "BAD_REQUEST"


async def test_a_compressed_body_is_refused(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY}, headers={"content-encoding": "gzip"})

    assert response.status_code == 415


async def test_a_body_of_more_than_20_kilobytes_is_refused_even_in_chunks(api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1000

    whole = await api.http.post("/graphql", json={"query": QUERY + " " * 20_000})
    chunked = await api.http.post("/graphql", content=chunks(), headers={"content-type": "application/json"})

    assert (whole.status_code, chunked.status_code) == (413, 413)


async def test_a_query_may_be_sent_with_get(api: Api) -> None:
    response = await api.http.get("/graphql", params={"query": QUERY}, headers={"accept": NEW})

    assert response.json() == GOOD


async def test_other_methods_get_the_list_of_allowed_ones(api: Api) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        response = await api.http.request(method, "/graphql")

        assert response.status_code == 405
        assert "POST" in response.headers["allow"]


async def test_a_response_must_not_be_cached_framed_or_sniffed(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY})

    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_the_response_names_its_language(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY}, headers={"accept-language": "en-US,es;q=0.8"})

    assert response.headers["content-language"] == "en"
    assert "Accept-Language" in response.headers["vary"]


async def test_a_foreign_host_is_refused_in_development(api: Api) -> None:
    hosts = ["evil.example", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example", "", "localhost:x"]

    responses = {host: await _at(api, host) for host in hosts}

    assert {host: response.status_code for host, response in responses.items()} == dict.fromkeys(hosts, 421)
    assert {_code(response.json()) for response in responses.values()} == {"BAD_REQUEST"}


async def test_every_name_of_this_machine_is_accepted_in_development(api: Api) -> None:
    hosts = ["localhost", "127.0.0.1:8000", "[::1]:8000", "[::1]", "API.localhost:8000"]

    assert {host: (await _at(api, host)).json() for host in hosts} == dict.fromkeys(hosts, GOOD)


async def _at(api: Api, host: str) -> httpx2.Response:
    return await api.http.post("/graphql", json={"query": QUERY}, headers={"host": host})


async def test_only_a_listed_origin_may_read_the_response(api: Api) -> None:
    listed = await api.http.post("/graphql", json={"query": QUERY}, headers={"origin": "http://localhost:5173"})
    foreign = await api.http.post("/graphql", json={"query": QUERY}, headers={"origin": "https://evil.example"})

    assert listed.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert listed.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in foreign.headers


async def test_a_query_string_of_more_than_20_kilobytes_is_refused(api: Api) -> None:
    response = await api.http.get("/graphql", params={"query": QUERY + " " * 20_000})

    assert response.status_code == 413


async def test_the_endpoint_works_with_a_trailing_slash(api: Api) -> None:
    posted = await api.http.post("/graphql/", json={"query": QUERY})
    queried = await api.http.get("/graphql/", params={"query": QUERY})

    assert (posted.json(), queried.json()) == (GOOD, GOOD)


async def test_other_paths_name_the_endpoint(api: Api) -> None:
    for path in ("/", "/graphql//", "/GraphQL", "/api/graphql"):
        response = await api.http.post(path, json={"query": QUERY})

        assert response.status_code == 404
        assert "/graphql" in response.json()["errors"][0]["message"]


async def test_a_refused_host_gets_security_headers_too(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": QUERY}, headers={"host": "evil.example"})

    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_response_never_repeats_a_variables_value(api: Api) -> None:
    wrong: list[dict[str, Any]] = [
        {"input": {"email": "a@example.com", "password": 5, "transport": "BEARER"}},
        {"input": {"email": "a@example.com", "password": ["hunter2"]}},
        {"input": {"email": "a@example.com", "password": "x", "transport": "hunter2"}},
        {"input": {"email": "a@example.com", "password": "x", "hunter2": "hunter2"}},
        {"input": {"email": "hunter2"}},
        {"input": "hunter2"},
        {"input": None},
        {},
    ]

    for variables in wrong:
        response = await api.send("Login", variables, {"accept": NEW})

        assert response.status_code == 400
        assert _code(response.json()) == "BAD_REQUEST"
        assert "hunter2" not in response.text
        assert "Variable '$input' has invalid value" in response.text


async def test_a_response_never_repeats_a_literal(api: Api) -> None:
    queries = [
        'mutation { login(input: {email: "a", password: "hunter2" "hunter2"}) { __typename } }',
        'mutation { login(input: {email: "a", password: "x", transport: "hunter2"}) { __typename } }',
        'mutation { login(input: "hunter2") { __typename } }',
        'mutation { login(input: {email: "hunter2"}) { __typename } }',
        '{ me { id } } "hunter2"',
    ]

    responses = [await api.http.post("/graphql", json={"query": q}, headers={"accept": NEW}) for q in queries]

    assert {response.status_code for response in responses} == {400}
    assert [response.text for response in responses if "hunter2" in response.text] == []


async def test_a_typename_beside_a_mutations_root_field_does_not_count(api: Api) -> None:
    queries = [
        "mutation { __typename logout { __typename } }",
        "mutation { logout { __typename } kind: __typename again: __typename __isNobody: __typename }",
        "mutation { ...F __typename } fragment F on Mutation { __typename ... { __typename logout { __typename } } }",
        "mutation { logout { __typename } ... @include(if: false) { b: logout { __typename } } __typename }",
        "mutation ($no: Boolean = false) { __typename @include(if: $no) logout { __typename } }",
    ]

    responses = [await api.http.post("/graphql", json={"query": q}, headers={"accept": NEW}) for q in queries]

    assert {response.status_code for response in responses} == {200}
    assert all(response.json()["data"]["logout"] == {"__typename": "LogoutSuccess"} for response in responses)


async def test_a_mutation_operation_has_exactly_one_root_field(api: Api) -> None:
    queries = [
        "mutation { __typename }",
        "mutation { __typename logout @skip(if: true) { __typename } }",
        "mutation { __typename a: logout { __typename } b: logout { __typename } }",
        "mutation { a: logout { __typename } b: logout { __typename } }",
        (
            "mutation { ...F ...G } fragment F on Mutation { a: logout { __typename } } "
            "fragment G on Mutation { b: logout { __typename } }"
        ),
        "mutation { logout @skip(if: true) { __typename } }",
    ]

    responses = [await api.http.post("/graphql", json={"query": q}, headers={"accept": NEW}) for q in queries]

    assert [response.status_code for response in responses] == [400] * len(queries)


async def test_a_mutation_is_not_executed_by_get(api: Api) -> None:
    response = await api.http.get("/graphql", params={"query": "mutation { logout { __typename } }"})

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_production_reveals_nothing_about_the_schema(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    introspected = await api.http.post("/graphql", json={"query": "{ __schema { types { name } } }"})
    mistyped = await api.http.post("/graphql", json={"query": "{ passwordPolicy { minimumLengt } }"})

    assert _code(introspected.json()) == "VALIDATION_FAILED"
    assert _code(mistyped.json()) == "VALIDATION_FAILED"
    assert "Did you mean" not in mistyped.text
