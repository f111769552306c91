"""The payments of an account, as its owner sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid, fetch
from services.accounts.onboarding import PaymentMethod
from services.accounts.sessions import Principal
from services.common.clock import Clock, utc_now
from services.common.money import Money
from services.payments.queries import PaymentStatus

MAX_PAYMENTS = 50

# As text: an operation may list fifty payments several times.
_SELECT_BY_ACCOUNT = f"""
SELECT id, status, method, subtotal, tax, currency, plan_id, reference, paypal_order_id, created_at, paid_at, expires_at
FROM payment WHERE account_id = $1 ORDER BY created_at DESC, id LIMIT {MAX_PAYMENTS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """`reference` is the deposit's, or the id of PayPal's order, if it was created."""

    id: UUID
    status: PaymentStatus
    amount: Money
    method: PaymentMethod
    reference: str | None
    plan_id: str
    created_at: datetime
    paid_at: datetime | None
    expires_at: datetime


class PaymentHistory:
    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock

    async def of(self, principal: Principal) -> tuple[PaymentRecord, ...]:
        """Returns the last payments, the newest first; none while the password must be changed."""
        if principal.restricted:
            return ()
        now = self._clock()
        return tuple(_record(row, now) for row in await fetch(_SELECT_BY_ACCOUNT, str(principal.id)))


def _record(row: Mapping[str, Any], now: datetime) -> PaymentRecord:
    status, expires_at = PaymentStatus(row["status"]), as_datetime(row["expires_at"])
    overdue = status is PaymentStatus.OPEN and expires_at <= now  # a worker has yet to end it
    return PaymentRecord(
        id=as_uuid(row["id"]),
        status=PaymentStatus.EXPIRED if overdue else status,
        amount=Money(Decimal(row["subtotal"]) + Decimal(row["tax"]), row["currency"]),
        method=PaymentMethod(row["method"]),
        reference=row["reference"] or row["paypal_order_id"],
        plan_id=row["plan_id"],
        created_at=as_datetime(row["created_at"]),
        paid_at=as_datetime(row["paid_at"]) if row["paid_at"] else None,
        expires_at=expires_at,
    )
