"""What is answered to a hash that no trusted document has, and to ids that are none."""

import hashlib
import json
from itertools import product
from typing import Any

from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

QUERY = "{ passwordPolicy { minimumLength } }"
GOOD = {"data": {"passwordPolicy": {"minimumLength": 8}}}
HASHED = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(QUERY.encode()).hexdigest()}}
MEDIA_TYPES = ["application/graphql-response+json", "application/json"]

# Apollo's web client and urql go by the first, its iOS and Kotlin clients by the second.
ASKED_FOR_THE_TEXT = {
    "errors": [
        {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}},
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}},
    ]
}


async def test_a_hash_without_a_text_asks_for_the_text(api: Api) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"operationName": "Any", "variables": {"a": 1}},
        {"query": ""},
        {"query": None},
        {"id": "Any"},
        {"extensions": {"clientLibrary": {"name": "any"}, **HASHED}},
        {"extensions": {"persistedQuery": {"sha256Hash": "", "version": 2, "miss": True}}},
    ]

    for more, accept in product(bodies, MEDIA_TYPES):
        response = await api.http.post("/graphql", json={"extensions": HASHED, **more}, headers={"accept": accept})

        assert (response.status_code, response.json()) == (200, ASKED_FOR_THE_TEXT)
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"


async def test_a_hash_can_be_sent_with_get(api: Api) -> None:
    parameters = {"operationName": "Any", "variables": "{}", "extensions": json.dumps(HASHED)}

    for more, accept in product([{}, {"query": ""}], MEDIA_TYPES):
        response = await api.http.get("/graphql", params={**parameters, **more}, headers={"accept": accept})

        assert (response.status_code, response.json()) == (200, ASKED_FOR_THE_TEXT)


async def test_a_text_is_not_stored_under_the_hash_that_comes_with_it(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    for _ in range(3):
        registered = await api.http.post("/graphql", json={"query": QUERY, "extensions": HASHED})
        response = await api.http.post("/graphql", json={"extensions": HASHED})

        assert (registered.json(), response.json()) == (GOOD, ASKED_FOR_THE_TEXT)


async def test_a_text_is_executed_whatever_its_extensions(api: Api) -> None:
    beside = [HASHED, {"persistedQuery": {}}, {"persistedQuery": 5}, {"persistedQuery": None}]

    for extensions, accept in product(beside, MEDIA_TYPES):
        body = {"query": QUERY, "extensions": extensions, "id": "Any"}
        posted = await api.http.post("/graphql", json=body, headers={"accept": accept})
        got = await api.http.get("/graphql", params={"query": QUERY, "extensions": json.dumps(extensions)})

        assert (posted.json(), got.json()) == (GOOD, GOOD)


async def test_a_malformed_hash_is_refused(api: Api) -> None:
    wrong: list[object] = [5, "a", [], {}, {"sha256Hash": 5}, {"sha256Hash": None}, False]

    for persisted in wrong:
        response = await api.http.post("/graphql", json={"extensions": {"persistedQuery": persisted}})

        (error,) = response.json()["errors"]
        assert response.status_code == 400
        assert error == {
            "message": "extensions.persistedQuery must be an object with a string sha256Hash.",
            "extensions": {"code": "BAD_REQUEST"},
        }


async def test_an_id_by_another_name_is_refused_with_advice(api: Api) -> None:
    for name in ("id", "doc_id", "docId", "queryId"):
        posted = await api.http.post("/graphql", json={name: "sha256:0", "extensions": {}})
        got = await api.http.get("/graphql", params={name: "sha256:0"})

        assert [response.status_code for response in (posted, got)] == [400, 400]
        for response in (posted, got):
            assert response.json()["errors"] == [
                {
                    "message": f"{name} names no document here: send documentId, or the document's text in query.",
                    "extensions": {"code": "BAD_REQUEST"},
                }
            ]
