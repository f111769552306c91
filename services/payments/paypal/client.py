"""Calls PayPal's Orders v2 API and its verification of webhooks."""

import re
import time
from collections.abc import Callable, Mapping

import orjson

from services.common.money import Money
from services.common.tracing import UNTRACED, Tracer
from services.payments.paypal.http import ApiRequest, HttpClient
from services.payments.paypal.values import (
    Capture,
    Order,
    PayPalRefusedError,
    PayPalUnavailableError,
    is_paypal_id,
    read_capture,
    read_order,
)

_ORDERS = "/v2/checkout/orders"
_CAPTURES = "/v2/payments/captures"
_VERIFY = "/v1/notifications/verify-webhook-signature"
_HEADER = re.compile(r"[\x21-\x7e]{1,500}")
_CERTIFICATE = re.compile(r"https://([a-z0-9-]+\.)*paypal\.com/")
_CREDENTIAL_ISSUES = {
    "AUTHENTICATION_FAILURE",
    "INVALID_TOKEN",
    "NOT_AUTHORIZED",
    "PERMISSION_DENIED",
    "invalid_client",
}
_NOT_FOUND = "RESOURCE_NOT_FOUND"
_SIGNATURE = {  # the header of a webhook, and what PayPal calls it when it is asked about it
    "paypal-auth-algo": "auth_algo",
    "paypal-cert-url": "cert_url",
    "paypal-transmission-id": "transmission_id",
    "paypal-transmission-sig": "transmission_sig",
    "paypal-transmission-time": "transmission_time",
}


class PayPalClient:
    """PayPal, for one merchant. Retries a request once after a time-out, a lost connection or a 5xx, which is safe:
    PayPal answers a repeated PayPal-Request-Id (for 6 hours) as it did before.

    Every method raises PayPalUnavailableError if PayPal's response is late or malformed.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        webhook_id: str,
        *,
        timeout: float = 4.0,
        monotonic: Callable[[], float] = time.monotonic,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """`timeout` is for one try, in seconds, including its token; a method ends within twice that."""
        self._http = HttpClient(base_url, client_id, client_secret, timeout, monotonic, tracer)
        self._base_url = base_url.rstrip("/")
        self._webhook_id = webhook_id

    async def authenticate(self) -> None:
        """Only shows whether PayPal takes the credentials. Raises PayPalRefusedError if it does not."""
        await self._http.authenticate()

    async def create_order(
        self,
        *,
        request_id: str,
        custom_id: str,
        subtotal: Money,
        tax: Money,
        description: str,
        locale: str,
        brand: str,
        return_url: str,
        cancel_url: str,
    ) -> Order:
        """Creates an order for the payer to approve. Raises PayPalRefusedError.

        PayPal takes a `request_id` of at most 108 characters, a `custom_id`, `description` and `brand` of at most 127,
        and a `locale` such as es-MX. `custom_id` is also the invoice number, so PayPal lets it be paid only once.
        """
        item = {
            "name": description,
            "quantity": "1",
            "unit_amount": _money(subtotal),
            "tax": _money(tax),
            "category": "DIGITAL_GOODS",
        }
        unit = {
            "reference_id": custom_id,
            "custom_id": custom_id,
            "invoice_id": custom_id,
            "description": description,
            "amount": {
                **_money(subtotal + tax),
                "breakdown": {"item_total": _money(subtotal), "tax_total": _money(tax)},
            },
            "items": [item],
        }
        experience = {
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "locale": locale,
            "brand_name": brand,
            "return_url": return_url,
            "cancel_url": cancel_url,
        }
        order = {
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": experience}},
        }
        answered = _order(await self._http.request(ApiRequest("POST", _ORDERS, orjson.dumps(order), request_id)))
        if not is_paypal_id(answered.id):
            raise PayPalUnavailableError("an order with an id that is none")
        return answered

    async def capture_order(self, order_id: str, request_id: str) -> Order:
        """Returns the order with its payment. Raises PayPalRefusedError, with RESOURCE_NOT_FOUND for an unknown id.

        After a refusal, use another `request_id`: PayPal may repeat its response to the same one.
        """
        if not is_paypal_id(order_id):
            raise PayPalRefusedError(_NOT_FOUND)
        request = ApiRequest("POST", f"{_ORDERS}/{{id}}/capture", b"{}", request_id, id=order_id)
        return _order(await self._http.request(request), order_id)

    async def get_order(self, order_id: str) -> Order | None:
        """Returns an order, or None if PayPal has none with this id for the merchant; it deletes old orders.

        Raises PayPalRefusedError.
        """
        if not is_paypal_id(order_id):
            return None
        try:
            return _order(await self._http.request(ApiRequest("GET", f"{_ORDERS}/{{id}}", id=order_id)), order_id)
        except PayPalRefusedError as refusal:
            if refusal.issue == _NOT_FOUND:
                return None
            raise

    async def get_capture(self, capture_id: str) -> Capture | None:
        """Returns a capture, or None if it is not this merchant's. Raises PayPalRefusedError."""
        try:
            answer = await self._http.request(ApiRequest("GET", f"{_CAPTURES}/{{id}}", id=capture_id))
            return read_capture(answer)
        except ValueError:
            raise PayPalUnavailableError("an answer that is no payment") from None
        except PayPalRefusedError as refusal:
            if refusal.issue == _NOT_FOUND:
                return None
            raise

    def may_have_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a webhook has the form of PayPal's. Sends no request."""
        signature = _signature(headers)
        if not all(map(_HEADER.fullmatch, signature.values())) or not _is_object(body):
            return False
        certificate = signature["cert_url"]
        return bool(_CERTIFICATE.match(certificate)) or certificate.startswith(f"{self._base_url}/")

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Asks PayPal whether it sent this event to this webhook. Fetches no URL from the headers."""
        if not self.may_have_signed(headers, body):
            return False
        fields = orjson.dumps({**_signature(headers), "webhook_id": self._webhook_id})
        # The bytes as they came: PayPal signed their checksum, and written anew they would be others.
        question = fields[:-1] + b',"webhook_event":' + body + b"}"
        try:
            verdict = await self._http.request(ApiRequest("POST", _VERIFY, question))
        except PayPalRefusedError as refusal:
            if refusal.issue in _CREDENTIAL_ISSUES:
                raise PayPalUnavailableError(f"our credentials are refused: {refusal.issue}") from None
            return False
        return isinstance(verdict, dict) and verdict.get("verification_status") == "SUCCESS"

    async def aclose(self) -> None:
        await self._http.aclose()


def _money(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": money.text}


def _signature(headers: Mapping[str, str]) -> dict[str, str]:
    """Returns a webhook's signature headers under the names that PayPal's verification uses; missing ones are empty."""
    given = {name.lower(): value for name, value in headers.items()}
    return {field: given.get(name, "") for name, field in _SIGNATURE.items()}


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except ValueError:
        return False


def _order(answer: object, id: str | None = None) -> Order:
    try:
        order = read_order(answer)
    except ValueError:
        raise PayPalUnavailableError("an answer that is no order") from None
    if id not in (None, order.id):
        raise PayPalUnavailableError("an answer about another order")
    return order
