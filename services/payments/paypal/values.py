"""What PayPal's Orders API says, as values (https://developer.paypal.com/docs/api/orders/v2/)."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.common.money import Money

_ID = re.compile(r"[A-Z0-9-]{1,36}")
_APPROVAL = ("payer-action", "approve")


class PayPalUnavailableError(Exception):
    """PayPal did not answer, or nothing that makes sense: whether it did what was asked is not known."""


class PayPalRefusedError(Exception):
    """PayPal did not do what was asked.

    `issue` is PayPal's code, such as ORDER_NOT_APPROVED; `debug_id` is what PayPal's support asks for, or empty;
    `approval_url` is where the payer can choose another way to pay, after INSTRUMENT_DECLINED.
    """

    def __init__(self, issue: str, debug_id: str = "", approval_url: str | None = None) -> None:
        super().__init__(f"{issue}, debug id {debug_id or 'unknown'}")
        self.issue = issue
        self.debug_id = debug_id
        self.approval_url = approval_url


class OrderStatus(enum.Enum):
    """COMPLETED says that a payment was made of the order, not that it succeeded: its captures say that."""

    CREATED = "CREATED"
    SAVED = "SAVED"
    APPROVED = "APPROVED"
    VOIDED = "VOIDED"
    COMPLETED = "COMPLETED"
    PAYER_ACTION_REQUIRED = "PAYER_ACTION_REQUIRED"
    UNKNOWN = "UNKNOWN"  # whatever PayPal adds

    @classmethod
    def _missing_(cls, value: object) -> "OrderStatus":
        del value
        return cls.UNKNOWN


class CaptureStatus(enum.Enum):
    """The money is the payee's with COMPLETED and, in part, with PARTIALLY_REFUNDED."""

    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    PENDING = "PENDING"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"  # whatever PayPal adds

    @classmethod
    def _missing_(cls, value: object) -> "CaptureStatus":
        del value
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Capture:
    """A payment. `amount` is what was captured, whatever was refunded since."""

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
    """Whether it has the shape of an order's or a payment's id, and so changes no path and fits its column."""
    return bool(_ID.fullmatch(text))


def read_order(answer: object) -> Order:
    """Raises ValueError for what is no order."""
    order = _object(answer)
    units = _objects(order.get("purchase_units"))
    unit = units[0] if len(units) == 1 else {}
    captures = [capture for each in units for capture in _objects(_object(each.get("payments")).get("captures"))]
    # PayPal leaves the status out where every payment was declined.
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
    """Raises ValueError for what is no payment."""
    capture = _object(answer)
    capture_id = _required(capture, "id")
    if not is_paypal_id(capture_id):
        raise ValueError("not an id")
    return Capture(capture_id, CaptureStatus(_required(capture, "status")), _money(capture.get("amount")))


def read_refusal(answer: object) -> PayPalRefusedError:
    """The error that the body of a 4xx says. Raises ValueError for what PayPal does not say."""
    body = _object(answer)
    name = _text(body.get("name")) or _required(body, "error")  # "error" where it is OAuth's (RFC 6749, 5.2)
    if not _is_code(name):
        raise ValueError("no error's name")
    details = _objects(body.get("details"))
    issue = _text(details[0].get("issue")) if details and name != "RESOURCE_NOT_FOUND" else None
    if issue is None or not _is_code(issue):  # PayPal's older APIs say it in words
        issue = name
    # PayPal's answers to a declined instrument call the way back "redirect".
    return PayPalRefusedError(issue, read_debug_id(body.get("debug_id")), link(body, *_APPROVAL, "redirect"))


def read_debug_id(value: object) -> str:
    """Empty where there is none of PayPal's shape, so that it may be logged."""
    return value if isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= 64 else ""


def link(body: Mapping[str, object], *relations: str) -> str | None:
    """The first link of one of the relations that leads to the web."""
    for each in _objects(body.get("links")):
        href = _text(each.get("href"))
        if each.get("rel") in relations and href and href.startswith(("https://", "http://")):
            return href
    return None


def _object(value: object) -> dict[str, object]:
    """An absent one is empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("not an object")  # what a caller catches
    return value


def _objects(value: object) -> list[dict[str, object]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("not a list")  # what a caller catches
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
