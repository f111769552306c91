"""The dearest requests of benchmarks/corpus.py, and our operations; audits/test_corpus.py counts what they cost."""

from typing import Any

from app.http import MAX_BODY
from app.operations import OPERATIONS
from benchmarks.corpus import CORPUS, INTROSPECTION, Sample
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.samples import send


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
