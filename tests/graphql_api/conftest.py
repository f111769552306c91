"""The API's tests run on what a small and on what a large operator has.

Limits in PostgreSQL are tested by tests/services/common/test_limits.py, and by the tests here that are about limits,
which parametrize `stores` themselves.
"""

from typing import Any

import pytest

from tests.api import Api
from tests.conftest import MakeApi
from tests.paypal.payers import BANK, payer, takes_paypal
from tests.paypal.server import PayPalServer


@pytest.fixture(params=["sqlite", "postgresql and redis"])
def stores(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop_settings(paypal: PayPalServer) -> dict[str, Any]:
    """The settings of the shop that differ from file to file."""
    return takes_paypal(paypal)


@pytest.fixture
async def shop(make_api: MakeApi, shop_settings: dict[str, Any]) -> Api:
    """The API of an operator who takes bank deposits and, unless a file overrides it, PayPal."""
    return await make_api(**BANK, **{"limit_payment": "1000/hour", **shop_settings})


@pytest.fixture
async def ana(shop: Api) -> Api:
    """A payer of the shop."""
    return await payer(shop)
