"""Decides what to do with a payment, given what PayPal says about its order; docs/onboarding.md shows the table.

Whether money is captured and whether it counts is decided only here, except for a reversal, which only PayPal's event
reports. Nothing here reads a clock, a database or PayPal.
"""

import enum

from services.payments.paypal.values import Capture, CaptureStatus, Order, OrderStatus
from services.payments.queries import ENDED_UNPAID, PaymentStatus, PaymentView


class Cause(enum.Enum):
    """What led to the decision.

    ASKED: the payer says that they approved the order, and asks us to capture the money. CHECKED: PayPal was asked
    about the order. ANSWERED: PayPal answered a request to capture the money. The others are its refusals.
    """

    ASKED = "asked"
    CHECKED = "checked"
    ANSWERED = "answered"
    NOT_APPROVED = "not approved"
    DECLINED = "declined"
    ALREADY_CAPTURED = "already captured"
    REFUSED = "refused"


class Finding(enum.Enum):
    """What PayPal says about an order: the state of its capture or, as long as it has none, of the order itself.

    UNCLEAR: the order may have been paid, and PayPal does not show its capture yet.
    """

    APPROVED = "approved"
    NOT_APPROVED = "not approved"
    INSTRUMENT_DECLINED = "instrument declined"
    VOIDED = "voided"
    GONE = "gone"
    UNCLEAR = "unclear"
    CAPTURED = "captured"
    UNDER_REVIEW = "under review"
    FAILED = "failed"
    REFUNDED = "refunded"
    NOT_OURS = "not ours"
    NOT_OURS_CAPTURED = "not ours, captured"


class Transition(enum.Enum):
    """What to do with a payment."""

    KEEP = "keep"
    CAPTURE = "capture"
    """Mark the payment pending, then have PayPal capture the money."""
    MARK_PENDING = "mark pending"
    SETTLE = "settle"
    REFUND = "refund"
    RETURN_TO_OPEN = "return to open"
    TRY_AGAIN = "try again"
    """Return to open after a decline; from then on only the payer can start a capture."""
    DECLINE = "decline"
    EXPIRE = "expire"
    REPLACE = "replace"
    REJECT = "reject"
    """Decline a payment whose order is not the one that was made for it."""
    INVESTIGATE = "investigate"
    """Change nothing, and leave it to an operator: PayPal contradicts what is known."""


TRANSITIONS = {
    (PaymentStatus.OPEN, Finding.APPROVED): Transition.CAPTURE,
    (PaymentStatus.OPEN, Finding.VOIDED): Transition.EXPIRE,
    (PaymentStatus.OPEN, Finding.GONE): Transition.EXPIRE,
    (PaymentStatus.OPEN, Finding.CAPTURED): Transition.SETTLE,
    (PaymentStatus.OPEN, Finding.UNDER_REVIEW): Transition.MARK_PENDING,
    (PaymentStatus.OPEN, Finding.FAILED): Transition.DECLINE,
    (PaymentStatus.OPEN, Finding.REFUNDED): Transition.REFUND,
    (PaymentStatus.OPEN, Finding.NOT_OURS): Transition.REJECT,
    (PaymentStatus.PENDING, Finding.APPROVED): Transition.CAPTURE,
    (PaymentStatus.PENDING, Finding.NOT_APPROVED): Transition.RETURN_TO_OPEN,
    (PaymentStatus.PENDING, Finding.INSTRUMENT_DECLINED): Transition.TRY_AGAIN,
    (PaymentStatus.PENDING, Finding.VOIDED): Transition.EXPIRE,
    (PaymentStatus.PENDING, Finding.GONE): Transition.EXPIRE,
    (PaymentStatus.PENDING, Finding.CAPTURED): Transition.SETTLE,
    (PaymentStatus.PENDING, Finding.FAILED): Transition.DECLINE,
    (PaymentStatus.PENDING, Finding.REFUNDED): Transition.REFUND,
    (PaymentStatus.PENDING, Finding.NOT_OURS): Transition.REJECT,
    (PaymentStatus.PAID, Finding.UNDER_REVIEW): Transition.INVESTIGATE,
    (PaymentStatus.PAID, Finding.REFUNDED): Transition.REFUND,
    (PaymentStatus.PAID, Finding.NOT_OURS): Transition.INVESTIGATE,
    (PaymentStatus.REFUNDED, Finding.NOT_OURS): Transition.INVESTIGATE,
    **{(status, Finding.CAPTURED): Transition.SETTLE for status in ENDED_UNPAID},
    **{(status, Finding.REFUNDED): Transition.REFUND for status in ENDED_UNPAID},
    **{(status, Finding.NOT_OURS): Transition.INVESTIGATE for status in ENDED_UNPAID},
    **{(status, Finding.NOT_OURS_CAPTURED): Transition.INVESTIGATE for status in PaymentStatus},
}
"""Every other pair leads to KEEP."""

_ORDERS = {
    OrderStatus.CREATED: Finding.NOT_APPROVED,
    OrderStatus.SAVED: Finding.NOT_APPROVED,
    OrderStatus.PAYER_ACTION_REQUIRED: Finding.NOT_APPROVED,
    OrderStatus.APPROVED: Finding.APPROVED,
    OrderStatus.VOIDED: Finding.VOIDED,
    OrderStatus.COMPLETED: Finding.UNCLEAR,
    OrderStatus.UNKNOWN: Finding.UNCLEAR,
}
_CAPTURES = {  # by precedence, for an order with several captures
    CaptureStatus.COMPLETED: Finding.CAPTURED,
    CaptureStatus.PARTIALLY_REFUNDED: Finding.CAPTURED,
    CaptureStatus.PENDING: Finding.UNDER_REVIEW,
    CaptureStatus.UNKNOWN: Finding.UNDER_REVIEW,
    CaptureStatus.REFUNDED: Finding.REFUNDED,
    CaptureStatus.DECLINED: Finding.FAILED,
    CaptureStatus.FAILED: Finding.FAILED,
}
_PRECEDENCE = list(_CAPTURES)
_REFUSALS = {
    "ORDER_NOT_APPROVED": Cause.NOT_APPROVED,
    "PAYER_ACTION_REQUIRED": Cause.NOT_APPROVED,
    "INSTRUMENT_DECLINED": Cause.DECLINED,
    "TRANSACTION_REFUSED": Cause.DECLINED,
    "TRANSACTION_BLOCKED_BY_PAYEE": Cause.DECLINED,
    "CARD_EXPIRED": Cause.DECLINED,
    "PAYER_CANNOT_PAY": Cause.DECLINED,
    "PAYER_ACCOUNT_RESTRICTED": Cause.DECLINED,
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": Cause.DECLINED,
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": Cause.DECLINED,
    "ORDER_ALREADY_CAPTURED": Cause.ALREADY_CAPTURED,
    "ORDER_ALREADY_COMPLETED": Cause.ALREADY_CAPTURED,
    "DUPLICATE_INVOICE_ID": Cause.ALREADY_CAPTURED,
}
_WITHOUT_CAPTURE = {  # causes that suffice for an order without a capture
    Cause.ASKED: Finding.APPROVED,
    Cause.NOT_APPROVED: Finding.NOT_APPROVED,
    Cause.DECLINED: Finding.INSTRUMENT_DECLINED,
    Cause.ALREADY_CAPTURED: Finding.UNCLEAR,
}


def decide(
    payment: PaymentView,
    order: Order | None,
    cause: Cause = Cause.CHECKED,
    *,
    covered: bool = False,
    overdue: bool = False,
) -> Transition:
    """Returns what to do with a payment. Its order is None if PayPal does not show it or was not asked.

    `covered` means that the account has been paid for in another way, `overdue` that the order's time is over.
    """
    transition = TRANSITIONS.get((payment.status, _find(payment, order, cause, overdue)), Transition.KEEP)
    return Transition.REPLACE if covered and transition is Transition.CAPTURE else transition


def refusal(issue: str) -> Cause:
    """Returns the cause for PayPal's code of a refusal to capture."""
    return _REFUSALS.get(issue, Cause.REFUSED)


def main_capture(order: Order) -> Capture | None:
    """Returns the capture that brought in money, of several such as a declined one and a completed one."""
    return min(order.captures, key=lambda capture: _PRECEDENCE.index(capture.status), default=None)


def is_ours(order: Order, payment: PaymentView) -> bool:
    """Whether the order was created for the payment, with its amount ordered and captured."""
    capture = main_capture(order)
    amounts = {order.amount, capture.amount if capture else order.amount}
    return order.custom_id == str(payment.id) and amounts == {payment.total}


def _find(payment: PaymentView, order: Order | None, cause: Cause, overdue: bool) -> Finding:
    if order and (capture := main_capture(order)):
        return _CAPTURES[capture.status] if is_ours(order, payment) else Finding.NOT_OURS_CAPTURED
    if cause in _WITHOUT_CAPTURE:
        return _WITHOUT_CAPTURE[cause]
    if order is None:
        lost = payment.status is PaymentStatus.PENDING and cause is Cause.CHECKED and not overdue
        return Finding.UNCLEAR if lost else Finding.GONE
    finding = _ORDERS[order.status]
    if cause is Cause.REFUSED and finding is not Finding.UNCLEAR:
        return Finding.FAILED
    if not is_ours(order, payment):
        return Finding.NOT_OURS
    declined_before = payment.status is PaymentStatus.OPEN and payment.paypal_declined
    if finding is Finding.APPROVED and (declined_before or cause is Cause.ANSWERED):
        return Finding.NOT_APPROVED  # only the payer can retry, and an answer leads to no second capture
    return finding
