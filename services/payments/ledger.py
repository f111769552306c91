"""The payments of a period whose money moved, for an accountant."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from models.payment import Payment
from models.retained_payment import RetainedPayment
from services.common.clock import MEXICO
from services.common.money import Money

_MOVED = ("paid_at", "refunded_at", "undone_at")
_DAY = timedelta(days=1)
_COLUMNS = (
    *("id", "method", "status", "plan_id", "reference", "paypal_order_id", "paypal_capture_id"),
    *("subtotal", "tax", "currency", "created_at", *_MOVED, "paid_by", "refunded_by", "undone_by"),
)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A payment, with whose it is. `company` is None if the account has none."""

    id: UUID
    rfc: str
    company: str | None
    method: str
    status: str
    plan_id: str
    reference: str | None
    paypal_capture_id: str | None
    subtotal: Money
    tax: Money
    begun_at: datetime
    paid_at: datetime | None
    paid_by: str | None
    refunded_at: datetime | None
    refunded_by: str | None
    undone_at: datetime | None
    undone_by: str | None


async def ledger(first: date, last: date) -> AsyncIterator[LedgerEntry]:
    """Yields each payment once that was paid, refunded or undone on one of these days in Mexico City.

    Those of deleted accounts are among them, as tax law keeps them.

    Reads day by day, so that no statement takes long and only one day's payments are in memory.
    """
    begin, end = _midnight(first), _midnight(last + _DAY)
    day = begin
    while day < end:
        for row in await _moved(day, day + _DAY):
            if not any(begin <= row[column] < day for column in _MOVED if row[column]):  # on an earlier day
                yield _entry(row)
        day += _DAY


async def _moved(begin: datetime, end: datetime) -> list[dict[str, Any]]:
    on_this_day: list[Q] = []
    for column in _MOVED:
        bounds: dict[str, Any] = {f"{column}__gte": begin, f"{column}__lt": end}
        on_this_day.append(Q(**bounds))
    moved = Q(*on_this_day, join_type="OR")
    of_accounts = Payment.filter(moved).values(*_COLUMNS, rfc="account__rfc", company="account__company__legal_name")
    retained = RetainedPayment.filter(moved).values(*_COLUMNS, "rfc", company="legal_name")
    rows = [*await of_accounts, *await retained]
    return sorted(rows, key=lambda row: min(row[column] for column in _MOVED if row[column] and row[column] >= begin))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), MEXICO).astimezone(UTC)  # which SQLite compares as text


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        id=row["id"],
        rfc=row["rfc"],
        company=row["company"],
        method=row["method"],
        status=row["status"],
        plan_id=row["plan_id"],
        reference=row["reference"] or row["paypal_order_id"],
        paypal_capture_id=row["paypal_capture_id"],
        subtotal=Money(row["subtotal"], row["currency"]),
        tax=Money(row["tax"], row["currency"]),
        begun_at=row["created_at"],
        paid_at=row["paid_at"],
        paid_by=row["paid_by"],
        refunded_at=row["refunded_at"],
        refunded_by=row["refunded_by"],
        undone_at=row["undone_at"],
        undone_by=row["undone_by"],
    )
