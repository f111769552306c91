"""The stand-in's routes: PayPal's API for the service itself, and pages for the person who plays payer and PayPal."""

import asyncio
import json
from typing import TypeVar

import httpx2
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.bodies import RefusedRequestError, read_body
from app.development.pages import not_here, read_form, render
from app.development.paypal.actions import ACTIONS, UNAPPROVED, Action, Choice, Event, act, capture_of, choose
from app.development.paypal.api import Received, answer, call_of
from app.development.paypal.books import Books
from app.development.paypal.merchant import PATH, Merchant
from app.development.paypal.replies import Json, Reply, invalid
from app.development.paypal.storage import Storage

log = structlog.get_logger(__name__)

_E = TypeVar("_E", Choice, Action)

_MAX_BYTES = 200_000
_DELIVERY_SECONDS = 20.0
# A choice redirects to the app, which may be anywhere.
_FORM_ACTION = "'self' http: https:"


class StandIn:
    """`webhook_url` is where it reports what happens to payments."""

    def __init__(self, merchant: Merchant, storage: Storage, webhook_url: str) -> None:
        self._merchant = merchant
        self._storage = storage
        self._webhook_url = webhook_url

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self._list),
            Route(f"{PATH}/checkoutnow", self._show),
            Route(f"{PATH}/checkoutnow", self._choose, methods=["POST"]),
            Route(f"{PATH}/payments", self._act, methods=["POST"]),
            Route(f"{PATH}/{{path:path}}", self._answer, methods=["GET", "POST"]),
        ]

    async def _answer(self, request: Request) -> Response:
        path = "/" + request.path_params["path"]
        try:
            body = await read_body(request, _MAX_BYTES)
        except RefusedRequestError as refused:
            raise HTTPException(refused.status, refused.message) from None
        received = Received(call_of(request.method, path), request.method, path, dict(request.headers), body)
        reply = await asyncio.to_thread(self._reply, received)
        return JSONResponse(reply.body, reply.status)

    def _reply(self, received: Received) -> Reply:
        try:
            with self._storage.books() as books:
                reply = answer(received, self._merchant.access, books, self._merchant.events)
                return Reply(reply.status, json.loads(json.dumps(reply.body)))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
            return invalid("MALFORMED_REQUEST_JSON", "The request does not have the form that the reference describes.")

    async def _list(self, request: Request) -> Response:
        books = await asyncio.to_thread(self._read)
        orders = [_row(order) for order in reversed(books.orders.values())]
        event, answered = (request.query_params.get(name, "") for name in ("event", "status"))
        return render("paypal_orders.html", orders=orders, event=event, answered=answered)

    async def _show(self, request: Request) -> Response:
        books = await asyncio.to_thread(self._read)
        order = books.orders.get(request.query_params.get("token", ""))
        if order is None:
            return not_here("order")
        brand = books.contexts[order["id"]].get("brand_name", "")
        return render("paypal_approval.html", form_action=_FORM_ACTION, order=_row(order), brand=brand)

    async def _choose(self, request: Request) -> Response:
        form = await read_form(request)
        choice, order_id = _member(Choice, form.get("choice")), form.get("token", "")

        def chosen() -> tuple[str | None, Event | None] | None:
            with self._storage.books() as books:
                return choose(books, order_id, choice) if order_id in books.orders else None

        done = await asyncio.to_thread(chosen)
        if done is None:
            return not_here("order")
        link, event = done
        return await self._report(event) if event else RedirectResponse(link or PATH, 303)

    async def _act(self, request: Request) -> Response:
        form = await read_form(request)
        action, order_id = _member(Action, form.get("action")), form.get("token", "")

        def acted() -> Event | None:
            with self._storage.books() as books:
                return act(books, order_id, action) if order_id in books.orders else None

        event = await asyncio.to_thread(acted)
        return await self._report(event) if event else RedirectResponse(PATH, 303)

    async def _report(self, event: Event) -> Response:
        """Sends the webhook, and shows on the list how the service answered."""
        headers, body = self._merchant.events.make(event.type, event.resource)
        try:
            # Never through a proxy of the environment, which cannot reach this machine.
            async with httpx2.AsyncClient(timeout=_DELIVERY_SECONDS, trust_env=False) as http:
                status = (await http.post(self._webhook_url, content=body, headers=headers)).status_code
        except httpx2.HTTPError as error:
            log.warning("paypal stand-in could not deliver", event=event.type, reason=type(error).__name__)
            status = 0
        return RedirectResponse(f"{PATH}?event={event.type}&status={status}", 303)

    def _read(self) -> Books:
        with self._storage.books() as books:
            return books


def _row(order: Json) -> Json:
    """What the pages show of an order."""
    unit, capture = order["purchase_units"][0], capture_of(order)
    actions = ACTIONS.get(capture["status"], ()) if capture else ()
    return {
        "id": order["id"],
        "amount": unit["amount"]["value"],
        "currency": unit["amount"]["currency_code"],
        "description": unit.get("description", ""),
        "state": capture["status"] if capture else order["status"],
        "can_be_approved": order["status"] in UNAPPROVED,
        "actions": [action.value for action in actions],
    }


def _member(kind: type[_E], value: str | None) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise HTTPException(400, "There is no such choice.") from None
