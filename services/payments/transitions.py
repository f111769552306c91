"""Writes to payments that are not settled, with optimistic locking.

A payment may have changed by the time PayPal responds. So each worker first changes `due_at`, and later writes only if
it is still the same.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import F

from models.payment import Payment
from services.accounts.onboarding import PaymentMethod
from services.audit.actors import WORKER, Actor
from services.payments.queries import PaymentStatus, PaymentView

UNPAID_RETENTION = timedelta(days=90)
"""How long an unpaid payment is kept, in case its money arrives late."""
ENDED_CHECK_DELAY = timedelta(hours=1)
"""When PayPal is first asked about a payment that ended unpaid."""
_CANDIDATES = 20


async def end(actor: Actor, payment: PaymentView, status: PaymentStatus, now: datetime) -> bool:
    """Ends an unpaid payment. Returns False if it has changed since it was read."""
    as_it_was = Payment.filter(id=payment.id, status=payment.status.value, due_at=payment.version)
    return bool(await as_it_was.update(**_ended(actor, payment.method, status, now)))


async def mark_pending(payment: PaymentView, until: datetime) -> PaymentView | None:
    """Marks the payment pending before capture; a worker checks it at `until`. None if another was first."""
    as_it_was = Payment.filter(id=payment.id, status=payment.status.value, due_at=payment.version)
    if not await as_it_was.update(status=PaymentStatus.PENDING.value, due_at=until):
        return None
    return replace(payment, status=PaymentStatus.PENDING, version=until)


async def return_to_open(payment: PaymentView, due_at: datetime, *, declined: bool) -> bool:
    """Lets the payer retry after PayPal refused the capture. Returns False if the payment has changed."""
    as_it_was = Payment.filter(id=payment.id, status=PaymentStatus.PENDING.value, due_at=payment.version)
    return bool(
        await as_it_was.update(
            status=PaymentStatus.OPEN.value,
            due_at=due_at,
            paypal_refusals=F("paypal_refusals") + 1,
            paypal_declined=declined,
        )
    )


async def attach_order(payment: PaymentView, order_id: str, approval_url: str) -> PaymentView:
    """Stores the PayPal order of an open payment that has none yet. Returns the payment as it is afterwards."""
    without = Payment.filter(id=payment.id, status=PaymentStatus.OPEN.value, paypal_order_id=None)
    await without.update(paypal_order_id=order_id, approval_url=approval_url)
    return PaymentView.of(await Payment.get(id=payment.id))


async def extend(payment: PaymentView, expires_at: datetime, due_at: datetime) -> PaymentView | None:
    """Restarts the payment's days. Returns None if it has changed."""
    as_it_was = Payment.filter(id=payment.id, status=payment.status.value, due_at=payment.version)
    if not await as_it_was.update(expires_at=expires_at, due_at=due_at):
        return None
    return replace(payment, expires_at=expires_at, version=due_at)


async def postpone(payment: PaymentView, due_at: datetime | None) -> None:
    """Schedules the next check, unless the payment has changed."""
    await Payment.filter(id=payment.id, due_at=payment.version).update(due_at=due_at)


async def remove(payment: PaymentView) -> None:
    """Deletes a payment that stayed unpaid for `UNPAID_RETENTION`, unless it has changed."""
    await Payment.filter(id=payment.id, status=payment.status.value, due_at=payment.version).delete()


async def claim_due(method: PaymentMethod, now: datetime, lease: timedelta) -> PaymentView | None:
    """Claims the payment that has been due longest, for the time of `lease`."""
    for payment in await Payment.filter(due_at__lte=now, method=method.value).order_by("due_at").limit(_CANDIDATES):
        if await Payment.filter(id=payment.id, due_at=payment.due_at).update(due_at=now + lease):
            return replace(PaymentView.of(payment), version=now + lease)
    return None


async def expire(method: PaymentMethod, now: datetime) -> int:
    """Expires the payments of that method that are due, and returns how many."""
    due = Payment.filter(method=method.value, status=PaymentStatus.OPEN.value, due_at__lte=now)
    return await due.update(**_ended(WORKER, method, PaymentStatus.EXPIRED, now))


def _ended(actor: Actor, method: PaymentMethod, status: PaymentStatus, now: datetime) -> dict[str, Any]:
    """The columns of an unpaid payment that has ended. PayPal is still asked about it now and then."""
    due_at = now + (ENDED_CHECK_DELAY if method is PaymentMethod.PAYPAL else UNPAID_RETENTION)
    closed = {"closed_at": now, "closed_by": actor.name}
    return {"status": status.value, "open_key": None, "due_at": due_at, **closed}
