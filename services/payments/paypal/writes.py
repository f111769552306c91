"""Applies decisions about payments, each only if the payment has not changed since it was read."""

from datetime import datetime, timedelta

import structlog

from services.audit.actors import Actor
from services.payments import lifecycle, transitions
from services.payments.paypal.decision import Transition, is_ours, main_capture
from services.payments.paypal.values import CaptureStatus, Order
from services.payments.queries import PaymentStatus, PaymentView

log = structlog.get_logger(__name__)

FIRST_CHECK_DELAY = timedelta(minutes=2)
"""When a worker first asks about an order."""
PAID_CHECK_DELAY = timedelta(days=1)
"""When a worker first asks whether the money of a paid order went back."""
_CAPTURED = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED}


async def apply(
    actor: Actor,
    transition: Transition,
    payment: PaymentView,
    order: Order | None,
    now: datetime,
    *,
    waited: bool = False,
) -> None:
    """Does nothing for CAPTURE, which begins at PayPal. `waited` means that the payer was asked to wait before."""
    capture = main_capture(order) if order else None
    capture_id = capture.id if capture else None
    if order:
        _report_contradictions(transition, payment, order)
    match transition:
        case Transition.SETTLE:
            if await lifecycle.settle(actor, payment, now, now + PAID_CHECK_DELAY, capture_id):
                log.info("payment settled", payment=str(payment.id), order=payment.paypal_order_id)
        case Transition.REFUND:
            if await lifecycle.refund(actor, payment, now, capture_id):
                log.info("payment refunded", payment=str(payment.id), order=payment.paypal_order_id)
        case Transition.MARK_PENDING:
            await transitions.mark_pending(payment, now + FIRST_CHECK_DELAY)
        case Transition.RETURN_TO_OPEN:
            await transitions.return_to_open(payment, now + FIRST_CHECK_DELAY, declined=payment.paypal_declined)
        case Transition.TRY_AGAIN if waited:
            await lifecycle.refuse(payment, now + FIRST_CHECK_DELAY)
        case Transition.TRY_AGAIN:
            await transitions.return_to_open(payment, now + FIRST_CHECK_DELAY, declined=True)
        case Transition.DECLINE | Transition.REJECT:
            await _end(actor, payment, PaymentStatus.DECLINED, now)
        case Transition.EXPIRE:
            await _end(actor, payment, PaymentStatus.EXPIRED, now)
        case Transition.REPLACE:
            await transitions.end(actor, payment, PaymentStatus.REPLACED, now)
        case Transition.CAPTURE | Transition.KEEP | Transition.INVESTIGATE:
            pass


async def _end(actor: Actor, payment: PaymentView, status: PaymentStatus, now: datetime) -> None:
    """The payer of a pending payment, who was asked to wait, gets a mail."""
    if payment.status is PaymentStatus.PENDING:
        await lifecycle.decline(actor, payment, status, now)
    else:
        await transitions.end(actor, payment, status, now)


def _report_contradictions(transition: Transition, payment: PaymentView, order: Order) -> None:
    ids = {"payment": str(payment.id), "order": order.id}
    if not is_ours(order, payment):
        if transition in {Transition.REJECT, Transition.INVESTIGATE}:
            log.error("paypal order differs from its payment", **ids)
        return
    if transition is Transition.INVESTIGATE:
        log.error("paypal says something else of a paid payment", **ids)
    if sum(capture.status in _CAPTURED for capture in order.captures) > 1:
        log.error("paypal took the money of an order twice", **ids)
