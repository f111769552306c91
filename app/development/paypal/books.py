"""What PayPal keeps of a merchant: orders, captures, refunds, and the answers about them.

After the public reference of Orders v2 and its OpenAPI description; where those are silent, the docstrings say so.
"""

import enum
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.development.paypal.order_checks import refusal_of
from app.development.paypal.replies import Json, Reply, not_found, unprocessable

MERCHANT = "8QYTNKM9DQL3A"
PAYER = "QYR5Z8XDVJNXQ"


class Fate(enum.Enum):
    """What becomes of a capture that would otherwise be COMPLETED."""

    DECLINED = "declined"
    PENDING = "pending"


@dataclass
class Books:
    """`url` begins every link. With `keeps_refusals` a repeated PayPal-Request-Id repeats a refusal, too.

    The reference says that the latest status of the first request is answered, not whether refusals are kept: a caller
    that asks with another id after a refusal is right either way.
    """

    url: str = ""
    keeps_refusals: bool = True
    orders: dict[str, Json] = field(default_factory=dict)
    captures: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    contexts: dict[str, Json] = field(default_factory=dict)  # of orders: where payers go when they approve or cancel
    fates: dict[str, Fate] = field(default_factory=dict)  # of an order's next capture
    declines: int = 0  # of the captures to come, whatever their order
    pends: int = 0
    answered: dict[tuple[str, str], Reply] = field(default_factory=dict)  # by path and PayPal-Request-Id

    def once(self, path: str, request_id: str | None, work: Callable[[], Reply]) -> Reply:
        """The work, or what was answered to the same id before: that with 200 where it was 201."""
        if request_id is None:
            return work()
        if known := self.answered.get((path, request_id)):
            return Reply(200, known.body) if known.status == 201 else known
        reply = work()
        if reply.status == 201 or self.keeps_refusals:
            self.answered[path, request_id] = reply
        return reply

    def create(self, request: Json, request_id: str | None) -> Reply:
        if refusal := refusal_of(request, request_id):
            return refusal
        order_id = new_id()
        unit = {
            **request["purchase_units"][0],
            "payee": {"email_address": "ventas@example.com", "merchant_id": MERCHANT},
        }
        self.orders[order_id] = {
            "id": order_id,
            "intent": request["intent"],
            "status": "PAYER_ACTION_REQUIRED" if "payment_source" in request else "CREATED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default"} | unit],
            "create_time": "2026-03-02T15:04:05Z",
            "links": self._links(order_id),
        }
        context = request.get("payment_source", {}).get("paypal", {}).get("experience_context", {})
        self.contexts[order_id] = context
        return Reply(201, self.orders[order_id])

    def show(self, id: str) -> Reply:
        order = self.orders.get(id)
        return Reply(200, order) if order else not_found()

    def capture(self, id: str) -> Reply:
        """A decline sends the payer back (the reference: restart the payment): the order needs another approval."""
        order = self.orders.get(id)
        if order is None:
            return not_found()
        unit = order["purchase_units"][0]
        if order["status"] == "COMPLETED":
            return unprocessable("ORDER_ALREADY_CAPTURED", "Only one capture per order is allowed.")
        if order["status"] != "APPROVED":
            return unprocessable("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
        if any(each["invoice_id"] == unit.get("invoice_id") for each in self.captures.values() if counts(each)):
            return unprocessable("DUPLICATE_INVOICE_ID", "Duplicate Invoice ID detected.")
        fate = self._next_fate(id)
        if fate is Fate.DECLINED:
            order["status"] = "PAYER_ACTION_REQUIRED"
            refusal = unprocessable("INSTRUMENT_DECLINED", "The instrument presented was declined.")
            refusal.body["links"].append({"href": self._approval(id), "rel": "redirect", "method": "GET"})
            return refusal
        self._pay(order, unit, pending=fate is Fate.PENDING)
        return Reply(201, order)

    def settle(self, capture_id: str, status: str) -> Json:
        """Ends the review of a pending capture."""
        capture = self.captures[capture_id]
        capture["status"] = status
        capture.pop("status_details", None)
        return capture

    def refund(self, capture_id: str, amount: Decimal, note: str) -> Json:
        capture = self.captures[capture_id]
        refund_id = new_id()
        self.refunds[refund_id] = {
            "id": refund_id,
            "status": "COMPLETED",
            "amount": {"currency_code": capture["amount"]["currency_code"], "value": f"{amount:.2f}"},
            "custom_id": capture["custom_id"],
            "invoice_id": capture["invoice_id"],
            "note_to_payer": note,
            "links": [
                _link(f"{self.url}/v2/payments/refunds/{refund_id}", "self"),
                _link(f"{self.url}/v2/payments/captures/{capture_id}", "up"),
            ],
        }
        order = self.orders[capture["supplementary_data"]["related_ids"]["order_id"]]
        order["purchase_units"][0]["payments"].setdefault("refunds", []).append(self.refunds[refund_id])
        capture["status"] = (
            "REFUNDED" if self.returned(capture_id) >= Decimal(capture["amount"]["value"]) else "PARTIALLY_REFUNDED"
        )
        return self.refunds[refund_id]

    def returned(self, capture_id: str) -> Decimal:
        """The sum of a capture's refunds."""
        return sum((Decimal(each["amount"]["value"]) for each in self.refunds_of(capture_id)), Decimal(0))

    def refunds_of(self, capture_id: str) -> list[Json]:
        return [each for each in self.refunds.values() if each["links"][1]["href"].endswith(f"/{capture_id}")]

    def _next_fate(self, order_id: str) -> Fate | None:
        if order_id in self.fates:
            return self.fates.pop(order_id)
        if self.declines:
            self.declines -= 1
            return Fate.DECLINED
        if self.pends:
            self.pends -= 1
            return Fate.PENDING
        return None

    def _pay(self, order: Json, unit: Json, *, pending: bool) -> None:
        capture_id = new_id()
        capture = {
            "id": capture_id,
            "status": "COMPLETED",
            "amount": {name: unit["amount"][name] for name in ("currency_code", "value")},
            "final_capture": True,
            "custom_id": unit.get("custom_id"),
            "invoice_id": unit.get("invoice_id"),
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
            "links": [
                _link(f"{self.url}/v2/payments/captures/{capture_id}", "self"),
                _link(f"{self.url}/v2/payments/captures/{capture_id}/refund", "refund", "POST"),
                _link(f"{self.url}/v2/checkout/orders/{order['id']}", "up"),
            ],
        }
        if pending:
            capture |= {"status": "PENDING", "status_details": {"reason": "PENDING_REVIEW"}}
        self.captures[capture_id] = capture
        order["status"] = "COMPLETED"
        unit["payments"] = {"captures": [capture]}

    def _links(self, id: str) -> list[Json]:
        return [
            _link(f"{self.url}/v2/checkout/orders/{id}", "self"),
            _link(self._approval(id), "payer-action"),
        ]

    def _approval(self, id: str) -> str:
        return f"{self.url}/checkoutnow?token={id}"


def counts(capture: Json) -> bool:
    return capture["status"] not in ("DECLINED", "FAILED")


def return_link(url: str, **query: str) -> str:
    """Returns where a payer goes back to, with what PayPal adds to the query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(query)]))))


def new_id() -> str:
    return "".join(secrets.choice("0123456789ABCDEFGHJKLMNPRSTUVWXY") for _ in range(17))


def _link(href: str, relation: str, method: str = "GET") -> Json:
    return {"href": href, "rel": relation, "method": method}
