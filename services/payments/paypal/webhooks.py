"""PayPal's webhooks: a verified event is a reason to ask PayPal about its order."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import structlog

from models.payment import Payment
from services.audit.actors import PAYPAL
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.limits import Limiter, Limits
from services.common.money import Money
from services.common.outcomes import TooManyAttempts
from services.payments import lifecycle
from services.payments.outcomes import PaymentProviderUnavailable
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.orders import PayPalOrders, report
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError, is_paypal_id
from services.payments.queries import PaymentView

log = structlog.get_logger(__name__)

_REVERSED = "PAYMENT.CAPTURE.REVERSED"
_VERIFICATIONS = 10  # at once, to leave connections for payers
_NOTHING = Money(Decimal(0))
_CAPTURE = re.compile(r"/v2/payments/captures/([A-Z0-9-]{1,36})$")


@dataclass(frozen=True, slots=True)
class EventProcessed:
    """The event is processed, or needs no action."""


@dataclass(frozen=True, slots=True)
class EventForged:
    """The event is malformed, or PayPal says that it did not send it."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The subject of an event: its ids, the most reliable first, and its amount."""

    order_id: str | None
    payment_id: UUID | None
    capture_id: str | None
    amount: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPalWebhooks:
    api: PayPalClient
    orders: PayPalOrders
    limiter: Limiter
    limits: Limits
    clock: Clock = utc_now
    _verifying: asyncio.Semaphore = field(init=False, default_factory=lambda: asyncio.Semaphore(_VERIFICATIONS))

    async def receive(
        self, caller: Caller, headers: Mapping[str, str], body: bytes
    ) -> EventProcessed | EventForged | PaymentProviderUnavailable | TooManyAttempts:
        """Processes an event. PayPal sends an event again until it is accepted.

        A stranger cannot use up our quota at PayPal: PayPal is asked about an event only if it names one of our
        payments, and denials are limited per payment and per client.
        """
        if not self.api.may_have_signed(headers, body):
            return EventForged()
        event: Mapping[str, Any] = orjson.loads(body)
        subject = _subject(event.get("resource"))
        payment = await _find(subject)
        if payment is None:
            return _ignore(event, subject)
        try:
            signed = await self._verify(caller, payment, headers, body)
            if isinstance(signed, TooManyAttempts):
                return signed
            if not signed:
                return EventForged()
            await self._process(payment, event, subject)
        except PayPalUnavailableError as error:
            log.warning("paypal event not followed", reason=str(error))
            return PaymentProviderUnavailable()
        return EventProcessed()

    async def _verify(
        self, caller: Caller, payment: PaymentView, headers: Mapping[str, str], body: bytes
    ) -> bool | TooManyAttempts:
        """Counts before it asks, and refunds the count unless PayPal denies. Raises PayPalUnavailableError."""
        of_payment = await self.limiter.count(self.limits.paypal_webhook_payment, str(payment.id))
        if of_payment.throttled:
            return of_payment.throttled
        of_client = await self.limiter.count(self.limits.paypal_webhook, caller)
        denied = False
        try:
            if of_client.throttled:
                return of_client.throttled
            async with self._verifying:
                denied = not await self.api.verify_webhook(headers, body)
            return not denied
        finally:
            if not denied:
                await self.limiter.refund(of_payment)
                if not of_client.throttled:
                    await self.limiter.refund(of_client)

    async def _process(self, payment: PaymentView, event: Mapping[str, Any], subject: _Subject) -> None:
        """Raises PayPalUnavailableError if the event cannot be processed yet."""
        if event.get("event_type") == _REVERSED and subject.amount in (None, payment.total):
            # The payer's bank or PayPal took the money back, which the order does not always show.
            await lifecycle.refund(PAYPAL, payment, self.clock(), subject.capture_id)
            return
        try:
            await self.orders.reconcile(PAYPAL, payment)
        except PayPalRefusedError as error:
            report(error, payment.id)


def _ignore(event: Mapping[str, Any], subject: _Subject) -> EventProcessed | PaymentProviderUnavailable:
    """Ignores an event about no payment of ours, unless it may belong to one that is still being created."""
    log.info("paypal event about no payment", type=str(event.get("event_type"))[:60])
    if event.get("event_type") == _REVERSED and subject.capture_id:
        return PaymentProviderUnavailable()
    return EventProcessed()


def _subject(resource: object) -> _Subject:
    """Reads the subject from an order, a capture or a refund; anything else has no ids."""
    fields: Mapping[str, Any] = resource if isinstance(resource, dict) else {}
    related = fields.get("supplementary_data") or {}
    ids = (related.get("related_ids") or {}) if isinstance(related, dict) else {}
    order_id = ids.get("order_id") if isinstance(ids, dict) else None
    if "purchase_units" in fields:
        order_id = fields.get("id")
    custom_id = fields.get("custom_id")
    ups = [link for link in _links(fields) if link.get("rel") == "up"]
    found = next((match for link in ups if (match := _CAPTURE.search(str(link.get("href"))))), None)
    return _Subject(
        _id(order_id),
        parse_id(custom_id) if isinstance(custom_id, str) else None,
        found[1] if found else _id(fields.get("id")),
        _money(fields.get("amount")),
    )


async def _find(subject: _Subject) -> PaymentView | None:
    found = None
    if subject.order_id:
        found = await Payment.get_or_none(paypal_order_id=subject.order_id)
    if found is None and subject.payment_id:
        found = await Payment.get_or_none(id=subject.payment_id)
    if found is None and subject.capture_id:
        found = await Payment.get_or_none(paypal_capture_id=subject.capture_id)
    return PaymentView.of(found) if found else None


def _links(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    links = fields.get("links")
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and is_paypal_id(value) else None


def _money(value: object) -> Money | None:
    """Returns None if it is missing. An unreadable amount is zero, and so never the whole payment."""
    if value is None:
        return None
    try:
        return Money.parse(value["value"], value["currency_code"]) if isinstance(value, dict) else _NOTHING
    except (KeyError, TypeError, ValueError):
        return _NOTHING
