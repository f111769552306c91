"""CORS (https://fetch.spec.whatwg.org/#http-cors-protocol): which pages may send headers and read responses."""

import re
import time
from collections.abc import Callable, Iterable

import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from app.origins import Origins, origin_of, own_origin

RawHeaders = list[tuple[bytes, bytes]]

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
_VARY = "Access-Control-Request-Headers"
_READABLE = [
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"Retry-After, X-Request-Id"),
]
_MAX_REQUESTED_HEADERS = 100
_MAX_NAME_LENGTH = 100
_UNPRINTABLE = re.compile(r"[^!-~]")


class Cors:
    """Lets the pages of `origins` send `REQUEST_HEADERS`, `more_headers` and cookies, and read responses.

    Any other origin gets no CORS headers.
    """

    def __init__(self, origins: Origins, more_headers: Iterable[str] = ()) -> None:
        self._origins = origins
        names = {*REQUEST_HEADERS, *more_headers}
        self._prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
        self._names = frozenset(name for name in names if not name.endswith("*"))
        self._is_due = LogThrottle().is_due

    def preflight(self, method: str, headers: Headers) -> Response | None:
        """Returns the response to a preflight, or None for any other request. Logs an origin that is not allowed.

        The response is 200 for any preflight of an allowed page, so that its browser names the header that is missing.
        """
        origin = origin_of(headers)
        if origin is None:
            return None
        allowed = self._origins.allows(origin)
        if not allowed:
            self._log(origin, headers)
        if method != "OPTIONS" or "access-control-request-method" not in headers:
            return None
        if not allowed:
            sentence = "This origin is not allowed: list it in ALLOWED_ORIGINS."
            return PlainTextResponse(sentence, 400, {"Vary": _VARY})
        requested = headers.get("access-control-request-headers", "").lower().split(",")[:_MAX_REQUESTED_HEADERS]
        more = {name.strip() for name in requested if name.strip().startswith(self._prefixes)}
        names = ", ".join(sorted(self._names | more))
        return PlainTextResponse(
            "OK", 200, {**_PREFLIGHT_HEADERS, "Access-Control-Allow-Headers": names, "Vary": _VARY}
        )

    def readable(self, response: RawHeaders, headers: Headers) -> RawHeaders:
        """Returns the headers of a response, with those that let a page of an allowed origin read it."""
        varied = [(name, value + b", Origin") if name == b"vary" else (name, value) for name, value in response]
        if varied == response:
            varied.append((b"vary", b"Origin"))
        origin = origin_of(headers)
        if origin and self._origins.allows(origin):
            varied += [(b"access-control-allow-origin", origin.encode("latin-1")), *_READABLE]
        return varied

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
