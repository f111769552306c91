"""People who are about to pay, and the API of an operator who takes their money."""

from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

from app.development.paypal.replies import Json
from models.account import Account
from models.payment import Payment
from models.series import Series
from services.accounts.onboarding import Stage
from services.common.caller import Caller
from services.common.clock import utc_now
from tests.api import Api
from tests.forms import EMAIL
from tests.paypal.server import PayPalServer
from tests.stored_accounts import store_account, store_company

PLAN = "negocio"
TOTAL = "1160.00"
YEAR = timedelta(days=365)
BANK = {
    "bank_deposit_clabe": "002010077777777771",
    "bank_deposit_bank": "Banco de prueba",
    "bank_deposit_beneficiary": "Timbrado",
}


def takes_paypal(server: PayPalServer) -> dict[str, Any]:
    """The settings for it."""
    return {
        "paypal_client_id": server.client_id,
        "paypal_client_secret": server.client_secret,
        "paypal_webhook_id": server.webhook_id,
        "paypal_base_url": server.url,
        "paypal_return_url": "https://app.example.com/paid",
        "paypal_cancel_url": "https://app.example.com/plans",
    }


async def payer(api: Api, email: str = EMAIL) -> Api:
    """A person who is logged in and has done the first three steps, all of it written straight to the database."""
    account = await store_account(email, stage=Stage.CONFIGURED.value)
    await store_company(account)
    await Series.create(
        id=uuid4(), account_id=account.id, name="A", first_folio=1, last_taken=0, created_at=account.created_at
    )
    opened = await api.composition.services.sessions.open(Caller(ip_address("127.0.0.1")), account)
    return api.signed_in(opened.token)


async def start(api: Api, plan: str = PLAN) -> str:
    """The id of a PayPal order."""
    started = await api.act("StartPayPalPayment", planId=plan)
    assert started["__typename"] == "StartPayPalPaymentSuccess", started
    return str(started["orderId"])


async def pay(api: Api, server: PayPalServer, plan: str = PLAN) -> str:
    """The id of an order that is paid, and has activated the account."""
    order_id = await start_approved(api, server, plan)
    completed = await complete(api, order_id)
    assert completed["__typename"] == "CompletePayPalPaymentSuccess", completed
    return order_id


async def complete(api: Api, order_id: str) -> Any:
    return await api.act("CompletePayPalPayment", orderId=order_id)


async def start_approved(api: Api, server: PayPalServer, plan: str = PLAN) -> str:
    """The id of an order that the payer approved."""
    order_id = await start(api, plan)
    server.approve(order_id)
    return order_id


async def start_pending(api: Api, server: PayPalServer) -> tuple[str, Json]:
    """The id of an order whose payment is pending at PayPal, and its capture."""
    order_id = await start_approved(api, server)
    server.pend_next()
    completed = await complete(api, order_id)
    assert completed["__typename"] == "PaymentPendingError", completed
    (capture,) = server.captures_of(str((await payment_of(order_id)).id))
    return order_id, capture


async def taken(server: PayPalServer) -> Decimal:
    """The sum that PayPal took for all payments."""
    return sum([server.paid(str(payment.id)) for payment in await Payment.all()], Decimal(0))


async def activation(api: Api) -> Any:
    return (await api.run("Me"))["activation"]


async def make_due() -> None:
    """As if every payment that may still be made had been due to be looked at."""
    await Payment.filter(open_key__isnull=False).update(due_at=utc_now() - timedelta(minutes=1))


async def follow_up(api: Api) -> None:
    """Has the worker look at every payment that may still be made."""
    await make_due()
    await api.composition.payment_worker.run_once()


async def start_over() -> None:
    """As if no account had ever paid."""
    await Payment.all().delete()
    await Account.all().update(stage="configured", active_since=None, active_until=None, activated_by=None)


async def payment_of(order_id: str) -> Payment:
    return await Payment.get(paypal_order_id=order_id)


async def keep_payment(account_id: UUID, now: datetime, **changes: Any) -> Payment:
    """A row of a bank deposit of 1160.00 for a year, as it is before anything comes of it."""
    row = {
        "method": "bank_deposit",
        "status": "open",
        "plan_id": PLAN,
        "subtotal": Decimal("1000.00"),
        "tax": Decimal("160.00"),
        "currency": "MXN",
        "stamps": 500,
        "period_months": 12,
        "created_at": now,
        "expires_at": now + timedelta(days=5),
    }
    return await Payment.create(id=uuid4(), account_id=account_id, **{**row, **changes})
