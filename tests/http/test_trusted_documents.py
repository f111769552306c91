"""Documents that a client names instead of sending them, and a service that accepts no others."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from structlog.testing import capture_logs

from app.asgi import load_trusted_documents
from app.operations import OPERATIONS
from app.settings import InvalidSettingsError
from app.shapes import shape_of
from tests.api import PRODUCTION, Api, GivenSettings
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD
from tests.refusals import refusal

POLICY = "query Policy { passwordPolicy { minimumLength } }"
LOGIN = "mutation SignIn($input: LoginInput!) { login(input: $input) { __typename } }"
TWO = "query A { passwordPolicy { minimumLength } } query B { passwordPolicy { maximumLength } }"
GOOD = {"data": {"passwordPolicy": {"minimumLength": 8}}}
NEW = "application/graphql-response+json"
OURS = OPERATIONS["PasswordPolicy"]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(digest: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """One in Relay's form, with an id of each kind."""
    documents = {
        sha256(POLICY): POLICY,
        f"sha256:{sha256(LOGIN)}": LOGIN,
        "x-app:two:1": TWO,
        "0f43e21ad5ae0bb5e2ad0a4e9f4e9b1f": "{ passwordPolicy { maximumLength } }",
    }
    return written(tmp_path, documents)


def written(folder: Path, manifest: object) -> Path:
    path = folder / "documents.json"
    path.write_text(json.dumps(manifest), "utf-8")
    return path


def only(manifest: Path) -> dict[str, Any]:
    return {**PRODUCTION, "trusted_documents": (manifest,), "trusted_documents_only": True}


async def post(api: Api, body: Mapping[str, Any], accept: str = NEW) -> tuple[int, Any]:
    response = await api.http.post("/graphql", json=body, headers={"accept": accept})
    return response.status_code, response.json()


def refused(code: str, message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


UNKNOWN = refused(
    "PERSISTED_DOCUMENT_NOT_FOUND",
    "No trusted document has this documentId: is the app's manifest in TRUSTED_DOCUMENTS?",
)
REQUIRED = refused(
    "PERSISTED_DOCUMENT_REQUIRED",
    "The service executes trusted documents only: send the documentId of one instead of a text.",
)


async def test_our_operations_are_trusted_by_default(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION, trusted_documents_only=True)

    for text in OPERATIONS.values():
        digest = sha256(text)
        for body in ({"documentId": f"sha256:{digest}"}, {"documentId": digest}, hashed(digest)):
            _, answer = await post(api, body)

            codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
            assert codes in ([], ["BAD_REQUEST"])  # a variable is missing


async def test_a_document_is_found_by_each_of_its_ids(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(trusted_documents=(manifest,))
    ids = [sha256(POLICY), f"sha256:{sha256(POLICY)}"]

    bodies: list[dict[str, Any]] = [*({"documentId": each} for each in ids), *(hashed(each) for each in ids)]

    for body in bodies:
        posted = await post(api, body)
        got = await api.http.get(
            "/graphql", params={k: v if k == "documentId" else json.dumps(v) for k, v in body.items()}
        )

        assert (posted, got.json()) == ((200, GOOD), GOOD)


async def test_a_custom_id_and_an_operation_of_several_can_be_named(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))

    custom = await post(api, {"documentId": "0f43e21ad5ae0bb5e2ad0a4e9f4e9b1f"})
    second = await post(api, {"documentId": "x-app:two:1", "operationName": "A"})
    unnamed, error = await post(api, {"documentId": "x-app:two:1"})

    assert custom == (200, {"data": {"passwordPolicy": {"maximumLength": 128}}})
    assert second == (200, GOOD)
    assert (unnamed, error["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_variables_reach_a_named_mutation_which_get_refuses(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))
    body: dict[str, Any] = {
        "documentId": f"sha256:{sha256(LOGIN)}",
        "variables": {"input": {"email": EMAIL, "password": PASSWORD, "transport": "BEARER"}},
    }

    posted = await post(api, body)
    got = await api.http.get("/graphql", params={**body, "variables": json.dumps(body["variables"])})

    assert posted == (200, {"data": {"login": {"__typename": "InvalidCredentialsError"}}})
    assert (got.status_code, got.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(("accept", "status"), [(NEW, 400), ("application/json", 200)])
async def test_an_unknown_id_is_a_single_error(api: Api, accept: str, status: int) -> None:
    for unknown in ("sha256:0", f"sha256:{sha256('{ a }')}", "Me", "md5:0", "x-a:b", "é" * 200):
        assert await post(api, {"documentId": unknown}, accept) == (status, UNKNOWN)


async def test_a_malformed_id_is_refused(api: Api) -> None:
    wrong = refused("BAD_REQUEST", "documentId must be a string that is not empty.")

    values: list[object] = [5, "", [], {}, False]

    for value in values:
        assert await post(api, {"documentId": value}) == (400, wrong)
    assert await post(api, {"documentId": None}) == (
        400,
        refused("BAD_REQUEST", "query must be a string that contains a document."),
    )


async def test_texts_still_work_beside_trusted_documents(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**PRODUCTION, trusted_documents=(manifest,))

    answers = [await post(api, {"query": text}) for text in (POLICY, POLICY + " ")]
    both = await post(api, {"query": POLICY, "documentId": "x-app:two:1"})

    assert [*answers, both] == [(200, GOOD)] * 3


@pytest.mark.parametrize(("accept", "status"), [(NEW, 400), ("application/json", 200)])
async def test_trusted_documents_only_refuses_every_text(
    make_api: MakeApi, manifest: Path, accept: str, status: int
) -> None:
    api = await make_api(**only(manifest))

    for text in (POLICY, OURS, "{ nothing", "x" * 10_000):
        for more in ({}, {"documentId": sha256(POLICY)}, hashed(sha256(POLICY)), hashed(sha256(text))):
            assert await post(api, {"query": text, **more}, accept) == (status, REQUIRED)
        got = await api.http.get("/graphql", params={"query": text}, headers={"accept": accept})
        assert (got.status_code, got.json()) == (status, REQUIRED)


async def test_trusted_documents_only_registers_no_document(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))
    text = "{ passwordPolicy { minimumLength maximumLength } }"
    codes = ["PERSISTED_QUERY_NOT_SUPPORTED", "PERSISTED_QUERY_NOT_FOUND"]

    for _ in range(3):
        await post(api, {"query": text, **hashed(sha256(text))})
        status, answer = await post(api, hashed(sha256(text)))

        assert (status, [error["extensions"]["code"] for error in answer["errors"]]) == (200, codes)


async def test_a_manifest_replaces_our_operations(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))

    assert await post(api, {"documentId": sha256(OURS)}) == (400, UNKNOWN)


async def test_graphiql_sends_texts_even_if_apps_may_not(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(trusted_documents=(manifest,), trusted_documents_only=True)
    query = {"query": "{ __schema { queryType { name } } }"}

    of_app = await post(api, query)
    of_page = await api.http.post("/graphiql/graphql", json=query)

    assert of_app == (400, REQUIRED)
    assert of_page.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


async def test_the_endpoint_of_graphiql_is_not_there_in_production(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))

    response = await api.http.post("/graphiql/graphql", json={"query": POLICY})

    assert response.status_code == 404


async def test_the_log_names_a_trusted_document_as_any_other(make_api: MakeApi, manifest: Path) -> None:
    api = await make_api(**only(manifest))

    with capture_logs() as logs:
        await post(api, {"documentId": sha256(POLICY)})
        await post(api, {"documentId": "secret-of-somebody"})
        await post(api, {"query": 'query Mine { me(password: "hunter2") { id } }'})
        await post(api, hashed("0"))

    fields = ("operation", "digest", "code", "refused")
    entries = [[entry.get(field) for field in fields] for entry in logs if entry["event"] == "request"]
    assert entries == [
        ["Policy", shape_of(parse(POLICY)), None, None],
        [None, None, "PERSISTED_DOCUMENT_NOT_FOUND", "untrusted document"],
        [None, None, "PERSISTED_DOCUMENT_REQUIRED", "untrusted document"],
        [None, None, "PERSISTED_QUERY_NOT_SUPPORTED", "untrusted document"],
    ]
    assert "secret-of" not in str(logs)
    assert "hunter2" not in str(logs)


def test_a_document_that_production_would_refuse_stops_the_start(tmp_path: Path) -> None:
    documents = {
        "{ nothing }": "Cannot query field 'nothing' on type 'Query'.",
        "query {": "Syntax Error: Expected Name, found <EOF>.",
        "{ __schema { description } }": "GraphQL introspection has been disabled, but the requested query contained ",
        "{" + "a: __typename " * 800 + "}": "Syntax Error: Document contains more than 750 tokens. Parsing aborted.",
        "{" + "".join(f"a{n}: __typename " for n in range(31)) + "}": "The document is too complex: it has more than ",
    }

    for text, reason in documents.items():
        settings = GivenSettings(trusted_documents=(written(tmp_path, {"mine": text}),))

        sentence = refusal(load_trusted_documents, settings, error=InvalidSettingsError)

        assert sentence.startswith(f"TRUSTED_DOCUMENTS: the document mine is refused: {reason}")
