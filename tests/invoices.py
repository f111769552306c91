"""Accounts that may invoice, written straight to the database, and reservations of theirs."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from models.account import Account
from models.payment import Payment
from models.series import Series
from services.accounts.onboarding import Stage
from services.common.clock import Clock, utc_now
from services.invoices import reservations
from services.invoices.outcomes import InvoiceReserved, ReservationView
from services.payments.periods import months_after
from tests.paypal.payers import keep_payment
from tests.stored_accounts import store_account, store_company

CLIENT = UUID("5f0f1a7e-51f6-4b68-8f0f-1d1f6d1b6b01")


async def active_account(now: datetime | None = None, *, stamps: int = 500, **columns: Any) -> Account:
    """Has a company, and has paid for a year and that many stamps."""
    account = await store_account(f"{uuid4()}@example.com", **columns)
    await store_company(account)
    await paid(account, now or utc_now(), stamps=stamps)
    return account


async def paid(account: Account, now: datetime, **columns: Any) -> Payment:
    """Activates the account by a payment, as if it had been the first."""
    payment = await keep_payment(account.id, now, status="paid", paid_at=now, **columns)
    account.stage, account.active_since = Stage.ACTIVE.value, now
    account.active_until = months_after(now, payment.period_months)
    account.activated_by, account.active_plan = payment.method, payment.plan_id
    await account.save()
    return payment


async def series_of(account: Account, first: int = 1, last: int | None = None, **columns: Any) -> UUID:
    made = {"name": "A", "last_taken": first - 1, **columns}
    series = await Series.create(
        id=uuid4(), account_id=account.id, first_folio=first, last_folio=last, created_at=utc_now(), **made
    )
    return series.id


async def try_to_reserve(
    account_id: UUID, series_id: UUID, request_id: UUID | None = None, *, clock: Clock = utc_now, client: UUID = CLIENT
) -> reservations.Reserved:
    return await reservations.reserve(client, account_id, series_id, request_id or uuid4(), clock)


async def reserve(
    account_id: UUID, series_id: UUID, request_id: UUID | None = None, *, clock: Clock = utc_now, client: UUID = CLIENT
) -> ReservationView:
    outcome = await try_to_reserve(account_id, series_id, request_id, clock=clock, client=client)
    assert isinstance(outcome, InvoiceReserved), outcome
    return outcome.reservation


async def stamps_used(account_id: UUID) -> list[int]:
    """Of each payment, in the order of payment."""
    return [each.stamps_used for each in await Payment.filter(account_id=account_id).order_by("paid_at", "id")]


def days(count: int) -> timedelta:
    return timedelta(days=count)
