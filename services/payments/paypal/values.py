"""Parses the responses of PayPal's Orders API (https://developer.paypal.com/docs/api/orders/v2/)."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.common.money import Money

_ID = re.compile(r"[A-Z0-9-]{1,36}")
_APPROVAL = ("payer-action", "approve")


class PayPalUnavailableError(Exception):
    """PayPal did not respond, or not sensibly: whether it did what was requested is unknown."""


class PayPalRefusedError(Exception):
    """PayPal refused the request.

    `issue` is PayPal's code, such as ORDER_NOT_APPROVED; `debug_id` is what PayPal's support asks for, or empty;
    `approval_url` is where the payer can choose another way to pay, after INSTRUMENT_DECLINED.
    """

    def __init__(self, issue: str, debug_id: str = "", approval_url: str | None = None) -> None:
        super().__init__(f"{issue}, debug id {debug_id or 'unknown'}")
        self.issue = issue
        self.debug_id = debug_id
        self.approval_url = approval_url


class OrderStatus(enum.Enum):
    """COMPLETED means that the order has a payment, not that it succeeded: see its captures."""

    CREATED = "CREATED"
    SAVED = "SAVED"
    APPROVED = "APPROVED"
    VOIDED = "VOIDED"
    COMPLETED = "COMPLETED"
    PAYER_ACTION_REQUIRED = "PAYER_ACTION_REQUIRED"
    UNKNOWN = "UNKNOWN"  # any status that PayPal adds

    @classmethod
    def _missing_(cls, value: object) -> "OrderStatus":
        del value
        return cls.UNKNOWN


class CaptureStatus(enum.Enum):
    """The payee has the money with COMPLETED and, in part, with PARTIALLY_REFUNDED."""

    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    PENDING = "PENDING"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"  # any status that PayPal adds

    @classmethod
    def _missing_(cls, value: object) -> "CaptureStatus":
        del value
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture. `amount` is the captured amount, regardless of refunds."""

    id: str
    status: CaptureStatus
    amount: Money


@dataclass(frozen=True, slots=True)
class Order:
    """`custom_id`, `amount` and `payee`, a merchant's id, are None unless the order has one purchase unit with them."""

    id: str
    status: OrderStatus
    custom_id: str | None
    amount: Money | None
    payee: str | None
    approval_url: str | None
    captures: tuple[Capture, ...]


def is_paypal_id(text: str) -> bool:
    """Whether the text can be an id of PayPal's, so that it is safe in a path and fits its column."""
    return bool(_ID.fullmatch(text))


def read_order(answer: object) -> Order:
    """Parses an order. Raises ValueError for anything else."""
    order = _object(answer)
    units = _objects(order.get("purchase_units"))
    unit = units[0] if len(units) == 1 else {}
    captures = [capture for each in units for capture in _objects(_object(each.get("payments")).get("captures"))]
    # PayPal omits the status if every payment was declined.
    status = _text(order.get("status")) if captures else _required(order, "status")
    return Order(
        id=_required(order, "id"),
        status=OrderStatus(status),
        custom_id=_text(unit.get("custom_id")),
        amount=_money(unit["amount"]) if "amount" in unit else None,
        payee=_text(_object(unit.get("payee")).get("merchant_id")),
        approval_url=link(order, *_APPROVAL),
        captures=tuple(map(read_capture, captures)),
    )


def read_capture(answer: object) -> Capture:
    """Parses a capture. Raises ValueError for anything else."""
    capture = _object(answer)
    capture_id = _required(capture, "id")
    if not is_paypal_id(capture_id):
        raise ValueError("not an id")
    return Capture(capture_id, CaptureStatus(_required(capture, "status")), _money(capture.get("amount")))


def read_refusal(answer: object) -> PayPalRefusedError:
    """Parses the error in the body of a 4xx. Raises ValueError if it is not PayPal's."""
    body = _object(answer)
    name = _text(body.get("name")) or _required(body, "error")  # "error" if it comes from OAuth (RFC 6749, 5.2)
    if not _is_code(name):
        raise ValueError("no error's name")
    details = _objects(body.get("details"))
    issue = _text(details[0].get("issue")) if details and name != "RESOURCE_NOT_FOUND" else None
    if issue is None or not _is_code(issue):  # PayPal's older APIs use words
        issue = name
    # After a declined instrument, PayPal's relation for the way back is "redirect".
    return PayPalRefusedError(issue, read_debug_id(body.get("debug_id")), link(body, *_APPROVAL, "redirect"))


def read_debug_id(value: object) -> str:
    """Returns an empty string unless it has PayPal's format, so that it is safe to log."""
    return value if isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= 64 else ""


def link(body: Mapping[str, object], *relations: str) -> str | None:
    """Returns the first web link (http or https) with one of the relations."""
    for each in _objects(body.get("links")):
        href = _text(each.get("href"))
        if each.get("rel") in relations and href and href.startswith(("https://", "http://")):
            return href
    return None


def _object(value: object) -> dict[str, object]:
    """Returns an empty object if it is missing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("not an object")  # callers catch ValueError
    return value


def _objects(value: object) -> list[dict[str, object]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("not a list")  # callers catch ValueError
    return [_object(each) for each in value]


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _required(body: Mapping[str, object], name: str) -> str:
    text = _text(body.get(name))
    if not text:
        raise ValueError(f"no {name}")
    return text


def _money(value: object) -> Money:
    amount = _object(value)
    return Money.parse(_required(amount, "value"), _required(amount, "currency_code"))


def _is_code(text: str) -> bool:
    return text.isascii() and text.replace("_", "").isalnum() and len(text) <= 100
