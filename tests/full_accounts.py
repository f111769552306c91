"""An account with everything that it may have: a company, a hundred series, fifty sessions and fifty payments."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from models.account import Account
from models.payment import Payment
from models.series import Series
from models.session import Session
from services.accounts.sessions import MAX_SESSIONS
from services.common.secrets import digest
from services.company.series import MAX_SERIES
from services.payments.history import MAX_PAYMENTS
from tests.api import Api
from tests.forms import COMPANY
from tests.stored_accounts import store_account, store_company


async def full_account(api: Api) -> Api:
    """Whoever is logged in with it. It is written past the API, which would take long and mails in production."""
    now = datetime.now(UTC)
    account = await store_account()
    await store_company(account, legal_name=COMPANY["legalName"].lower() + " sa de cv")
    tokens = [f"token{number}" for number in range(MAX_SESSIONS)]
    await Series.bulk_create(_series(account, number, now) for number in range(MAX_SERIES))
    await Session.bulk_create(_session(account, token, now) for token in tokens)
    await Payment.bulk_create(_payment(account, number, now) for number in range(MAX_PAYMENTS + 1))
    return api.signed_in(tokens[0])


def _payment(account: Account, number: int, now: datetime) -> Payment:
    return Payment(
        id=uuid4(),
        account_id=account.id,
        method="bank_deposit",
        status="refunded",
        plan_id="negocio",
        subtotal=Decimal("1000.00"),
        tax=Decimal("160.00"),
        currency="MXN",
        stamps=500,
        period_months=12,
        created_at=now - timedelta(days=number),
        expires_at=now,
        paid_at=now,
        reference=f"{number:010}",
    )


def _series(account: Account, number: int, now: datetime) -> Series:
    return Series(
        id=uuid4(),
        account_id=account.id,
        name=f"SERIE {number}",
        first_folio=1,
        last_folio=2**62,
        last_taken=2**61,
        approval_number=10**13,
        approval_year=2012,
        created_at=now,
    )


def _session(account: Account, token: str, now: datetime) -> Session:
    return Session(
        id=uuid4(),
        account_id=account.id,
        digest=digest(token),
        created_at=now,
        last_seen_at=now,
        ends_at=now + timedelta(days=30),
        expires_at=now + timedelta(days=14),
        device_name="x" * 100,
        user_agent="Mozilla/5.0 (X11; Linux x86_64) " + "x" * 200,
        ip_address="2001:db8:1234:5678:9abc:def0:1234:5678",
    )
