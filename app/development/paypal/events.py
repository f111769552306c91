"""Webhooks as PayPal makes them, signed with HMAC instead of RSA."""

import base64
import hmac
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from app.development.paypal.books import new_id
from app.development.paypal.replies import Json

_TIME = "2026-03-02T15:04:05Z"
_RESOURCES = {
    "CHECKOUT.ORDER.APPROVED": "checkout-order",
    "PAYMENT.CAPTURE.COMPLETED": "capture",
    "PAYMENT.CAPTURE.PENDING": "capture",
    "PAYMENT.CAPTURE.DENIED": "capture",
    "PAYMENT.CAPTURE.DECLINED": "capture",
    "PAYMENT.CAPTURE.REFUNDED": "refund",
    "PAYMENT.CAPTURE.REVERSED": "refund",
}

Webhook = tuple[dict[str, str], bytes]


@dataclass
class Events:
    url: str = ""
    webhook_id: str = "1JE4291016473214C"
    secret: bytes = field(default_factory=lambda: uuid.uuid4().bytes, repr=False)

    def make(self, event_type: str, resource: Json, event_id: str | None = None) -> Webhook:
        """The headers and the body. The resource is written as it is now, whatever happens to it later."""
        event_id = event_id or f"WH-{new_id()}-{new_id()}"
        event = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": "2026-03-02T15:04:05.123Z",
            "resource_type": _RESOURCES.get(event_type, "capture"),
            "resource_version": "2.0",
            "event_type": event_type,
            "summary": f"Acción de prueba: {event_type}",
            "resource": resource,
            "links": [
                {"href": f"{self.url}/v1/notifications/webhooks-events/{event_id}", "rel": "self", "method": "GET"}
            ],
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        return self.sign(body), body

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers of a delivery of these bytes. Each delivery has an id of its own, as PayPal's have."""
        transmission = str(uuid.uuid4())
        return {
            "paypal-auth-algo": "SHA256withRSA",
            "paypal-cert-url": f"{self.url}/v1/notifications/certs/CERT-360caa42-fca2a594-5edc0ebc",
            "paypal-transmission-id": transmission,
            "paypal-transmission-sig": self._signature(transmission, _TIME, self.webhook_id, body),
            "paypal-transmission-time": _TIME,
            "content-type": "application/json",
        }

    def verify(self, question: bytes) -> bool:
        """Whether the event in it is, to the byte, one that was signed for this webhook."""
        asked: dict[str, Any] = json.loads(question)
        raw = _raw_event(question)
        transmission = asked["transmission_id"]
        expected = self._signature(transmission, asked["transmission_time"], self.webhook_id, raw)
        return asked["webhook_id"] == self.webhook_id and hmac.compare_digest(asked["transmission_sig"], expected)

    def _signature(self, transmission: str, time: str, webhook_id: str, body: bytes) -> str:
        signed = f"{transmission}|{time}|{webhook_id}|".encode() + body  # PayPal signs only a checksum of the body
        return base64.b64encode(hmac.digest(self.secret, signed, "sha256")).decode()


def _raw_event(question: bytes) -> bytes:
    """The text of the field `webhook_event`, to the byte."""
    text = question.decode()
    place = 1
    decoder = json.JSONDecoder()
    while True:
        name, end = decoder.raw_decode(text, place)
        start = end + 1  # after the colon
        _, end = decoder.raw_decode(text, start)
        if name == "webhook_event":
            return text[start:end].encode()
        place = end + 1  # the comma
