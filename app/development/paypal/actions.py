"""What the payer, PayPal and the merchant do with an order on the stand-in's pages."""

import enum
from dataclasses import dataclass
from decimal import Decimal

from app.development.paypal.books import PAYER, Books, Fate, return_link
from app.development.paypal.replies import Json

_CENT = Decimal("0.01")
UNAPPROVED = ("CREATED", "PAYER_ACTION_REQUIRED")


class Choice(enum.Enum):
    """The payer's, on the approval page."""

    APPROVE = "approve"
    LEAVE = "leave"
    DECLINE = "decline"
    PENDING = "pending"
    CANCEL = "cancel"


class Action(enum.Enum):
    """What happens to a payment later."""

    SETTLE = "settle"
    DENY = "deny"
    REFUND = "refund"
    REFUND_HALF = "refund-half"
    REVERSE = "reverse"


ACTIONS = {
    "PENDING": (Action.SETTLE, Action.DENY),
    "COMPLETED": (Action.REFUND, Action.REFUND_HALF, Action.REVERSE),
    "PARTIALLY_REFUNDED": (Action.REFUND, Action.REVERSE),
}
"""By the status of a capture."""


@dataclass(frozen=True, slots=True)
class Event:
    """What PayPal reports by webhook."""

    type: str
    resource: Json


def choose(books: Books, order_id: str, choice: Choice) -> tuple[str | None, Event | None]:
    """Returns where the payer goes, if anywhere, and the event that PayPal sends.

    PayPal sends an event for every approval. Here, only a payer who does not come back causes it, so that each way to
    hear of an approval can be tried.
    """
    order, context = books.orders[order_id], books.contexts[order_id]
    if choice is Choice.CANCEL:
        return _link(context.get("cancel_url"), token=order_id), None
    if order["status"] in UNAPPROVED:
        order["status"] = "APPROVED"
        books.fates.pop(order_id, None)
        if fate := {Choice.DECLINE: Fate.DECLINED, Choice.PENDING: Fate.PENDING}.get(choice):
            books.fates[order_id] = fate
    if choice is Choice.LEAVE:
        return None, Event("CHECKOUT.ORDER.APPROVED", order)
    return _link(context.get("return_url"), token=order_id, PayerID=PAYER), None


def act(books: Books, order_id: str, action: Action) -> Event | None:
    """Returns the event that PayPal sends, or None if the payment's status does not allow the action."""
    capture = capture_of(books.orders[order_id])
    if capture is None or action not in ACTIONS.get(capture["status"], ()):
        return None
    left = Decimal(capture["amount"]["value"]) - books.returned(capture["id"])
    match action:
        case Action.SETTLE:
            return Event("PAYMENT.CAPTURE.COMPLETED", books.settle(capture["id"], "COMPLETED"))
        case Action.DENY:
            return Event("PAYMENT.CAPTURE.DENIED", books.settle(capture["id"], "DECLINED"))
        case Action.REFUND:
            return Event("PAYMENT.CAPTURE.REFUNDED", books.refund(capture["id"], left, "Refund"))
        case Action.REFUND_HALF:
            half = (left / 2).quantize(_CENT)
            return Event("PAYMENT.CAPTURE.REFUNDED", books.refund(capture["id"], half, "Partial refund"))
        case Action.REVERSE:
            return Event("PAYMENT.CAPTURE.REVERSED", books.refund(capture["id"], left, "Payment reversed"))


def capture_of(order: Json) -> Json | None:
    captures: list[Json] = order["purchase_units"][0].get("payments", {}).get("captures", [])
    return captures[-1] if captures else None


def _link(url: str | None, **query: str) -> str | None:
    return return_link(url, **query) if url else None
