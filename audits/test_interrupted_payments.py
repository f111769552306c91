"""completePayPalPayment interrupted at nearly every step: the money is taken once, and the account is active."""

from tests.conftest import MakeApi, no_authorities, paypal
from tests.graphql_api.test_paypal import interruptions_survived
from tests.paypal.payers import payer, takes_paypal
from tests.paypal.server import PayPalServer

__all__ = ["no_authorities", "paypal"]


async def test_wherever_it_is_interrupted_the_money_is_taken_once(make_api: MakeApi, paypal: PayPalServer) -> None:
    ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="1000/hour"))

    assert await interruptions_survived(ana, paypal, every=2) > 20
