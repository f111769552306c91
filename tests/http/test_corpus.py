"""What the dearest requests cost, counted in calls, and what is answered to them: see benchmarks/corpus.py."""

from typing import Any

from app.http import MAX_BODY
from app.operations import OPERATIONS
from benchmarks.corpus import CORPUS, INTROSPECTION, Sample
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.samples import MAX_CALLS, send, send_all


async def test_every_request_of_the_corpus_stays_within_the_limits_and_gets_its_expected_answer(api: Api) -> None:
    sent = await send_all(api)

    codes = {
        name: {error["extensions"]["code"] for error in each.answer.get("errors", [])} for name, each in sent.items()
    }
    assert {name: each.calls for name, each in sent.items() if each.calls > MAX_CALLS} == {}
    assert codes == {name: {sample.code} - {None} for name, sample in CORPUS.items()}


def test_every_sample_fits_into_a_request_body() -> None:
    assert [name for name, sample in CORPUS.items() if len(sample.body()) > MAX_BODY] == []


async def test_graphiql_introspects_in_development(api: Api) -> None:
    answer = (await send(api, Sample(INTROSPECTION))).json()

    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
    assert "errors" not in answer


async def test_our_operations_pass_in_production_even_if_they_are_not_pinned(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    answers = {name: (await send(api, Sample(text))).json() for name, text in OPERATIONS.items()}

    failures = {name: answer["errors"] for name, answer in answers.items() if _refuses_the_document(answer)}
    assert failures == {}


def _refuses_the_document(answer: dict[str, Any]) -> bool:
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    return not codes <= {"BAD_REQUEST"}  # for want of variables
