"""completePayPalPayment interrupted at nearly every step: the money is taken once, and the account is active."""

import gc
from collections.abc import Iterator

import pytest

from tests.conftest import MakeApi, no_authorities, paypal
from tests.graphql_api.test_paypal import interruptions_survived
from tests.paypal.payers import payer, takes_paypal
from tests.paypal.server import PayPalServer

__all__ = ["no_authorities", "paypal"]

# Of fields that never began. As an error, the warning would keep them until a later test.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Collects what was interrupted here once nothing refers to it, and not during a later test."""
    yield
    gc.collect()


async def test_wherever_it_is_interrupted_the_money_is_taken_once(make_api: MakeApi, paypal: PayPalServer) -> None:
    ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="1000/hour"))

    assert await interruptions_survived(ana, paypal, every=2) > 20
