"""CORS (https://fetch.spec.whatwg.org/#http-cors-protocol): which pages may send headers and read responses."""

import re
import time
from collections.abc import Callable, Iterable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.origins import Origins, origin_of, own_origin

log = structlog.get_logger(__name__)

# The headers that GraphQL clients and tracing add by default; a final * matches every name with that prefix.
REQUEST_HEADERS = (
    *("Accept", "Accept-Language", "Authorization", "Cache-Control", "Content-Language", "Content-Type", "Pragma"),
    *("apollo-*", "apollographql-*", "x-apollo-*", "graphql-*", "x-graphql-*", "x-requested-with"),
    *("traceparent", "tracestate", "baggage", "b3", "x-b3-*", "uber-trace-id", "x-request-id", "x-correlation-id"),
    *("sentry-trace", "x-datadog-*", "newrelic", "x-newrelic-*", "elastic-apm-traceparent", "x-instana-*", "x-dtc"),
    *("x-amzn-trace-id", "x-cloud-trace-context", "request-id", "request-context"),
)
_PREFLIGHT_SECONDS = 86_400
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
}
_VARY = "Origin, Access-Control-Request-Headers"
_MAX_REQUESTED_HEADERS = 100
_MAX_NAME_LENGTH = 100
_UNPRINTABLE = re.compile(r"[^!-~]")


class Cors:
    """Lets the pages of `origins` send `REQUEST_HEADERS`, `more_headers` and cookies, and read responses.

    Any other origin gets no CORS headers, and is logged.
    """

    def __init__(self, app: ASGIApp, origins: Origins, more_headers: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = origins
        names = {*REQUEST_HEADERS, *more_headers}
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
        self._names = frozenset(name for name in names if not name.endswith("*"))
        self._is_due = LogThrottle().is_due

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = origin_of(headers)
        allowed = origin if origin and self._origins.allows(origin) else None
        if origin and not allowed:
            self._log(origin, headers)
        if origin and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(allowed, headers)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.add_vary_header("Origin")
                if allowed:
                    answer.update(
                        {**_readable_by(allowed), "Access-Control-Expose-Headers": "Retry-After, X-Request-Id"}
                    )
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _preflight(self, allowed: str | None, headers: Headers) -> Response:
        """Returns 200 for any preflight of an allowed page, so that its browser names the header that is missing."""
        if allowed is None:
            sentence = "This origin is not allowed: list it in ALLOWED_ORIGINS."
            return PlainTextResponse(sentence, 400, {"Vary": _VARY})
        requested = headers.get("access-control-request-headers", "").lower().split(",")[:_MAX_REQUESTED_HEADERS]
        more = {name.strip() for name in requested if name.strip().startswith(self._prefixes)}
        names = ", ".join(sorted(self._names | more))
        answer = {**_readable_by(allowed), **_PREFLIGHT_HEADERS, "Access-Control-Allow-Headers": names, "Vary": _VARY}
        return PlainTextResponse("OK", 200, answer)

    def _log(self, origin: str, headers: Headers) -> None:
        """Logs the origin, unless it is the service's own, which needs no permission even if a proxy changed Host."""
        own = origin.lower() == own_origin(origin.partition("://")[0].lower(), headers.get("host", ""))
        name = _UNPRINTABLE.sub("?", origin[:_MAX_NAME_LENGTH])
        if not own and headers.get("sec-fetch-site") != "same-origin" and self._is_due(name):
            log.warning("origin refused", origin=name, hint="add it to ALLOWED_ORIGINS to allow it")


class LogThrottle:
    """Allows each name once in `SECONDS`, and at most `NAMES`, so that invented names fill neither log nor memory."""

    SECONDS = 3600
    NAMES = 100

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._names: set[str] = set()

    def is_due(self, name: str) -> bool:
        if self._clock() - self._since >= self.SECONDS:
            self._since = self._clock()
            self._names.clear()
        if name in self._names or len(self._names) >= self.NAMES:
            return False
        self._names.add(name)
        return True


def _readable_by(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
