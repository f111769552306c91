"""No request costs more than the bounds allow in production, either; tests/http/test_corpus.py shows development."""

import pytest

from tests.api import PRODUCTION
from tests.conftest import MakeApi
from tests.samples import MAX_CALLS, send_all


@pytest.mark.parametrize("stores", ["sqlite"])
async def test_no_request_costs_more_in_production(make_api: MakeApi) -> None:
    sent = await send_all(await make_api(**PRODUCTION))

    assert {name: each.calls for name, each in sent.items() if each.calls > MAX_CALLS} == {}
