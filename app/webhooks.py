"""Receives PayPal's events. PayPal verifies each one, and resends those that are not answered with 2xx."""

import asyncio

from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.bodies import RefusedRequestError, read_body
from app.caller import caller_of
from app.errors import formatted, internal_error, unavailable_error
from app.http import refusal
from app.observation import current_request
from services.common.outages import Outages
from services.common.outcomes import TooManyAttempts
from services.payments.outcomes import PaymentProviderUnavailable
from services.payments.paypal.webhooks import EventForged, EventProcessed, PayPalWebhooks

_MAX_EVENT_BYTES = 100_000  # PayPal's events have a few thousand
DEADLINE = 15.0  # seconds to process an event, including requests to PayPal


class PayPalWebhook:
    """The ASGI application at /webhooks/paypal: answers 204 for an accepted event, else an error in JSON."""

    def __init__(self, events: PayPalWebhooks | None, trusted_proxies: int, outages: Outages) -> None:
        self._events = events
        self._trusted_proxies = trusted_proxies
        self._outages = outages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except RefusedRequestError as refused:
            response = _refused(request, refused.status, refused.message, refused.headers)
        except Exception as error:
            response = self._failed(request, error)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            raise RefusedRequestError(405, "Send events with POST.", {"Allow": "POST"})
        if self._events is None:
            raise RefusedRequestError(404, "PayPal is not set up here.")
        body = await read_body(request, _MAX_EVENT_BYTES)
        caller = caller_of(request, None, self._trusted_proxies)
        try:
            async with asyncio.timeout(DEADLINE):
                outcome = await self._events.receive(caller, request.headers, body)
        except TimeoutError:
            outcome = PaymentProviderUnavailable()
        match outcome:
            case EventProcessed():
                return Response(status_code=204)
            case EventForged():
                return _refused(request, 400, "PayPal did not sign this.")
            case TooManyAttempts(seconds):
                return _refused(
                    request, 429, "Too many events that PayPal did not sign.", {"Retry-After": str(seconds)}
                )
            case PaymentProviderUnavailable():
                current_request().failure = "paypal"
                return _unavailable(request, "PayPal is not responding. Send the event again.")

    def _failed(self, request: Request, error: Exception) -> Response:
        if part := self._outages.report(error):
            current_request().failure = f"{part}: {type(error).__name__}"
            return _unavailable(request, "The service is busy. Try again in a moment.")
        return refusal(request, internal_error(error, GraphQLError("")), 500)


def _unavailable(request: Request, message: str) -> Response:
    return refusal(request, unavailable_error(message), 503, {"Retry-After": "5"})


def _refused(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return refusal(request, formatted(GraphQLError(message), "BAD_REQUEST"), status, headers)
