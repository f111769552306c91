"""The outermost middleware: gives each request an id, answers for bugs, and reports how the request ended."""

import asyncio
import time
from collections.abc import Sequence

from graphql import GraphQLError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.caller import address_of
from app.errors import internal_error
from app.http import PATHS, refusal
from app.observation import CLIENT_GONE, CurrentRequest, FinishedRequest, RequestObserver, begin
from services.common.caller import Caller
from services.common.pseudonyms import Pseudonyms

_KINDS = {**dict.fromkeys(PATHS, "graphql"), "/webhooks/paypal": "webhook"}
_HEALTH = "/health/"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Observer:
    def __init__(
        self, app: ASGIApp, observers: Sequence[RequestObserver], pseudonyms: Pseudonyms, trusted_proxies: int
    ) -> None:
        self._app = app
        self._observers = observers
        self._pseudonyms = pseudonyms
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        request = begin(Headers(scope=scope).getlist("x-request-id") if self._trusted_proxies else [])
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = CLIENT_GONE if scope.get("client_gone", _never)() else message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request.id
            await send(message)

        try:
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                body = internal_error(error, GraphQLError(""))
                if status is not None:
                    raise
                await refusal(Request(scope), body, 500)(scope, receive, send_with_id)
        except asyncio.CancelledError:
            status, request.failure = status or 503, "canceled"
            raise
        finally:
            self._hand_on(request, scope, status or CLIENT_GONE, time.perf_counter() - start)

    def _hand_on(self, request: CurrentRequest, scope: Scope, status: int, seconds: float) -> None:
        client = Caller(address_of(HTTPConnection(scope), self._trusted_proxies)).client
        finished = FinishedRequest(
            id=request.id,
            method=scope["method"] if scope["method"] in _METHODS else "other",
            kind=_kind(scope["path"]),
            status=status,
            seconds=seconds,
            client=self._pseudonyms.of("client", client),
            account=self._pseudonyms.of("account", str(request.account)) if request.account else None,
            session=self._pseudonyms.of("session", str(request.session)) if request.session else None,
            operation=request.operation,
            digest=request.digest,
            outcomes=request.outcomes,
            code=request.code,
            failure=request.failure,
        )
        for observe in self._observers:
            observe(finished)


def _kind(path: str) -> str:
    return "health" if path.startswith(_HEALTH) else _KINDS.get(path, "other")


def _never() -> bool:
    return False
