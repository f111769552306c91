"""What a client may read of an error."""

from typing import Any

import pytest
from graphql import parse, validate

from schema.root import schema
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

NEW = {"accept": "application/graphql-response+json"}

MADE_UP = [
    "{ hunter2 }",
    "{ me { hunter2 } }",
    "query hunter2 { me { id } } query hunter2 { me { id } }",
    "{ hunter2: me { id } hunter2: passwordPolicy { minimumLength } }",
    "{ me(hunter2: 1) { id } }",
    "{ me { ...hunter2 } }",
    "{ me { id } } fragment hunter2 on Account { id }",
    "{ me { ...hunter2 } } fragment hunter2 on Account { ...hunter2 }",
    "{ me { ... on hunter2 { id } } }",
    "{ me @hunter2 { id } }",
    "{ me @skip(hunter2: true) { id } }",
    "query ($hunter2: Int) { me { id } }",
    "query ($a: hunter2) { me { id } }",
    "{ me @skip(if: $hunter2) { id } }",
    'mutation { login(input: {email: "a", password: hunter2}) { __typename } }',
    'mutation { login(input: {email: "a", password: "a", hunter2: 1}) { __typename } }',
    'mutation { login(input: {email: "a", password: "a", transport: hunter2}) { __typename } }',
    'mutation { login(input: {email: "a", password: "\\uhunter2"}) { __typename } }',
    'mutation { login(input: {email: "a", password: "\\hunter2"}) { __typename } }',
    'mutation { login(input: {email: "a", password: "hunter2',
    'mutation { createSeries(input: {name: "a", firstFolio: hunter2}) { __typename } }',
    'mutation { createSeries(input: {name: "a", firstFolio: {hunter2: 1}}) { __typename } }',
    'mutation { createSeries(input: {name: "a", firstFolio: ["hunter2"]}) { __typename } }',
    "{ me { id } } hunter2",
    "{ me { id } } type hunter2 { a: Int }",
    "{ passwordPolicy { minimumLength { hunter2 } } }",
    "{ 0hunter2 }",
]

MISTYPED = [
    "{ passwordPolicy { minimumLengt } }",
    "{ m }",
    "{ me { ... on Acount { id } } }",
    "{ me @skp(if: true) { id } }",
    "{ me @skip(iff: true) { id } }",
    "mutation { login(inputt: {}) { __typename } }",
    'mutation { login(input: {emal: "a"}) { __typename } }',
    'mutation { login(input: {email: "a", password: "a", transport: COOKI}) { __typename } }',
    "mutation { login(input: {email: 5, password: 5}) { ... on LoginSucces { token } } }",
    "query ($a: LoginInpt) { me { id } }",
    "{ me }",
]


async def test_in_production_a_response_repeats_nothing_of_a_refused_document(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    for query in MADE_UP:
        response = await api.http.post("/graphql", json={"query": query}, headers=NEW)

        assert response.status_code == 400, query
        assert "hunter2" not in response.text
        assert "uhunt" not in response.text
        assert all(error["message"] for error in response.json()["errors"])


async def test_in_production_nothing_is_suggested(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    for query in MISTYPED:
        response = await api.http.post("/graphql", json={"query": query}, headers=NEW)

        assert response.status_code == 400, query
        assert "id you mean" not in response.text


async def test_in_production_an_unknown_field_of_a_variable_gets_no_suggestion(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    response = await api.send("Login", {"input": {"email": "a", "password": "b", "captch": None}}, NEW)

    assert response.status_code == 400
    assert "captch" not in response.text


async def test_in_development_the_error_names_a_mistyped_name(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": "{ me { emial } }"}, headers=NEW)

    assert response.json()["errors"][0]["message"] == (
        "Cannot query field 'emial' on type 'Account'. Did you mean 'email'?"
    )


async def test_a_message_is_never_cut_within_a_word(api: Api) -> None:
    names = [f"{'name' * 5}{number}" for number in range(14)]
    ids, rfcs = (" ".join(f"{name}: {field}" for name in names) for field in ("id", "rfc"))
    query = f"{{ me {{ {ids} }} ... {{ me {{ {rfcs} }} }} }}"

    response = await api.http.post("/graphql", json={"query": query}, headers=NEW)

    whole = validate(schema._schema, parse(query))[0].message
    message = response.json()["errors"][0]["message"]
    assert len(whole) > len(message) > 300
    assert message.endswith(" …")
    assert whole.startswith(message[:-1])


async def test_a_long_suggestion_is_not_cut(api: Api) -> None:
    query = "{ me { ... on ResendConfirmationCodeSucces { id } } }"

    response = await api.http.post("/graphql", json={"query": query}, headers=NEW)

    assert response.json()["errors"][0]["message"] == validate(schema._schema, parse(query))[0].message


@pytest.mark.parametrize("changes", [{}, PRODUCTION], ids=["development", "production"])
async def test_a_name_of_thousands_of_characters_is_left_out(make_api: MakeApi, changes: dict[str, Any]) -> None:
    api = await make_api(**changes)
    queries = [
        "query * { nothing }",
        "{ me { * } }",
        "{ me { ...* } }",
        "{ me @* { id } }",
        "{ me(*: 1) { id } }",
        "query ($*: Int) { me { id } }",
        "query ($a: [*]) { me { id } }",
        "{ me { a: * a: *x } }",
        "mutation { login(input: {*: 1}) { __typename } }",
    ]

    for query in queries:
        response = await api.http.post("/graphql", json={"query": query.replace("*", "q" * 5_000)}, headers=NEW)

        for error in response.json()["errors"]:
            assert "qq" not in error["message"]
            assert len(error["message"]) < 200


async def test_a_malformed_big_int_is_refused_and_not_repeated(api: Api) -> None:
    for value in (31337.5, True, 10**30, ["31337"], {"hunter": "31337"}):
        response = await api.send("CreateSeries", {"input": {"name": "a", "firstFolio": 1, "lastFolio": value}}, NEW)

        (error,) = response.json()["errors"]
        assert response.status_code == 400
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "lastFolio" in error["message"]
        assert not any(shown in response.text for shown in ("31337", "hunter", "rue", "00000"))


async def test_a_response_has_at_most_five_errors(api: Api) -> None:
    fields = " ".join(f"a{n}" for n in range(30))
    wrong = {"input": {f"a{n}": n for n in range(30)}}

    of_a_document = await api.http.post("/graphql", json={"query": f"{{ me {{ {fields} }} }}"}, headers=NEW)
    of_variables = await api.send("Login", wrong, NEW)

    assert len(of_a_document.json()["errors"]) == 5
    assert len(of_variables.json()["errors"]) == 5
