"""What the dearest requests cost, counted in calls, and what is answered to them: see benchmarks/corpus.py."""

import pytest

from benchmarks.corpus import CORPUS
from tests.api import PRODUCTION
from tests.conftest import MakeApi
from tests.samples import MAX_CALLS, send_all


@pytest.mark.parametrize("stores", ["sqlite"])
async def test_no_request_costs_more_in_production(make_api: MakeApi) -> None:
    sent = await send_all(await make_api(**PRODUCTION))

    assert {name: each.calls for name, each in sent.items() if each.calls > MAX_CALLS} == {}


@pytest.mark.parametrize("stores", ["sqlite"])
async def test_every_request_of_the_corpus_stays_within_the_limits_and_gets_its_expected_answer(
    make_api: MakeApi,
) -> None:
    sent = await send_all(await make_api())

    codes = {
        name: {error["extensions"]["code"] for error in each.answer.get("errors", [])} for name, each in sent.items()
    }
    assert {name: each.calls for name, each in sent.items() if each.calls > MAX_CALLS} == {}
    assert codes == {name: {sample.code} - {None} for name, sample in CORPUS.items()}
