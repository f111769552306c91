"""Reads payments."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.payment import Payment
from models.sql import fetch
from services.accounts.onboarding import PaymentMethod
from services.common.money import Money

# As text: apps read it with every account.
_SELECT_PENDING = "SELECT id FROM payment WHERE account_id = $1 AND status = $2 LIMIT 1"


class PaymentStatus(enum.Enum):
    OPEN = "open"
    PENDING = "pending"
    PAID = "paid"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    REPLACED = "replaced"
    DECLINED = "declined"
    CANCELED = "canceled"


WAITING = frozenset({PaymentStatus.OPEN, PaymentStatus.PENDING})
ENDED_UNPAID = frozenset(
    {PaymentStatus.EXPIRED, PaymentStatus.REPLACED, PaymentStatus.DECLINED, PaymentStatus.CANCELED}
)


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment at the time it was read. `version` is its `due_at`, for optimistic locking."""

    id: UUID
    account_id: UUID
    method: PaymentMethod
    status: PaymentStatus
    plan_id: str
    period_months: int
    subtotal: Money
    tax: Money
    created_at: datetime
    expires_at: datetime
    version: datetime | None
    paid_at: datetime | None
    reference: str | None
    paypal_order_id: str | None
    paypal_refusals: int
    paypal_declined: bool
    paypal_capture_id: str | None
    approval_url: str | None

    @classmethod
    def of(cls, payment: Payment) -> "PaymentView":
        return cls(
            id=payment.id,
            account_id=payment.account_id,
            method=PaymentMethod(payment.method),
            status=PaymentStatus(payment.status),
            plan_id=payment.plan_id,
            period_months=payment.period_months,
            subtotal=Money(payment.subtotal, payment.currency),
            tax=Money(payment.tax, payment.currency),
            created_at=payment.created_at,
            expires_at=payment.expires_at,
            version=payment.due_at,
            paid_at=payment.paid_at,
            reference=payment.reference,
            paypal_order_id=payment.paypal_order_id,
            paypal_refusals=payment.paypal_refusals,
            paypal_declined=payment.paypal_declined,
            paypal_capture_id=payment.paypal_capture_id,
            approval_url=payment.approval_url,
        )

    @property
    def total(self) -> Money:
        return self.subtotal + self.tax


def open_key(method: PaymentMethod, account_id: UUID) -> str:
    """Returns the unique key of an account's payment by that method that can still be paid."""
    return f"{method.value}:{account_id}"


async def get(payment_id: UUID) -> PaymentView:
    return PaymentView.of(await Payment.get(id=payment_id))


async def history(email_key: str) -> list[PaymentView]:
    """Returns all payments of an account, the oldest first."""
    payments = await Payment.filter(account__email_key=email_key).order_by("created_at", "id")
    return [PaymentView.of(payment) for payment in payments]


async def latest(
    method: PaymentMethod, statuses: Collection[PaymentStatus], count: int
) -> list[tuple[str, PaymentView]]:
    """Returns the newest payments of all accounts in these states, with the account's e-mail."""
    asked = Payment.filter(method=method.value, status__in=[status.value for status in statuses])
    found = await asked.select_related("account").order_by("-created_at", "id").limit(count)
    return [(payment.account.email, PaymentView.of(payment)) for payment in found]


async def is_pending(account_id: UUID) -> bool:
    """Whether PayPal was asked to capture the account's money and the result is not known yet."""
    return bool(await fetch(_SELECT_PENDING, str(account_id), PaymentStatus.PENDING.value))
