"""What the dearest requests cost, counted in calls: see benchmarks/corpus.py."""

from typing import Any

import httpx2
import pytest

from app.http import MAX_BODY
from benchmarks.corpus import CORPUS, INTROSPECTION, Sample
from tests.api import OPERATIONS, PRODUCTION, Api
from tests.calls import counted_calls
from tests.conftest import MakeApi
from tests.full_accounts import full_account

# Calibrated with benchmarks/documents.py: what takes long makes 7,000 to 16,000 calls in a millisecond of CPU, where
# `Me` takes 1.5 ms, under Python 3.11 to 3.13 alike; the most are 410,000, in 28 ms.
MAX_CALLS = 500_000


@pytest.mark.parametrize("changes", [{}, PRODUCTION], ids=["development", "production"])
async def test_no_request_costs_more_than_the_bounds_allow(make_api: MakeApi, changes: dict[str, Any]) -> None:
    api = await make_api(**changes)
    await _send(api, Sample("{ __typename }"))
    person = await full_account(api)
    calls = {}

    for name, sample in CORPUS.items():
        with counted_calls(MAX_CALLS) as counted:
            await _send(person if sample.signed_in else api, sample)
        calls[name] = counted.number

    assert {name: number for name, number in calls.items() if number > MAX_CALLS} == {}


@pytest.mark.parametrize("name", CORPUS)
async def test_a_sample_is_answered_as_it_says(api: Api, name: str) -> None:
    answer = (await _send(await full_account(api) if CORPUS[name].signed_in else api, CORPUS[name])).json()

    assert {error["extensions"]["code"] for error in answer.get("errors", [])} == {CORPUS[name].code} - {None}
    assert len(CORPUS[name].body()) <= MAX_BODY


async def test_graphiql_introspects_in_development(api: Api) -> None:
    answer = (await _send(api, Sample(INTROSPECTION))).json()

    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
    assert "errors" not in answer


async def test_our_operations_pass_in_production_also_where_they_are_not_pinned(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)
    texts = {path.stem: path.read_text("utf-8") for path in OPERATIONS.glob("*.graphql")}

    answers = {name: (await _send(api, Sample(text))).json() for name, text in texts.items()}

    failures = {name: answer["errors"] for name, answer in answers.items() if _refuses_the_document(answer)}
    assert failures == {}


def _refuses_the_document(answer: dict[str, Any]) -> bool:
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    return not codes <= {"BAD_REQUEST"}  # for want of variables


async def _send(api: Api, sample: Sample) -> httpx2.Response:
    headers = {"content-type": "application/json", **api.headers, **sample.headers}
    return await api.http.post("/graphql", content=sample.body(), headers=headers)
