"""The one layer around every path: it observes the request, refuses foreign hosts, and completes the headers.

Separate layers would take another tenth of the CPU time of `me`.
"""

import asyncio
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence

from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.cors import Cors
from app.errors import formatted, internal_error
from app.http import refusal
from app.observation import CLIENT_GONE
from app.observer import Observer
from app.origins import is_loopback
from app.requests import Request, headers_of, is_disconnected

_SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


class AllowedHosts:
    """The hosts that are served: loopback and those listed.

    This prevents DNS rebinding, by which a page could reach a service on a laptop. Names under localhost are
    allowed, because they always resolve to the machine itself.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def allow(self, headers: Headers) -> bool:
        host = headers.get("host", "").lower()
        if host.rpartition(":")[2].isdecimal():  # an IPv6 address keeps its brackets
            host = host.rpartition(":")[0]
        return host in self._hosts or is_loopback(f"http://{host}")


class SecurityHeaders:
    """The headers that every response has; `hsts` is for a service that is reached only over https."""

    def __init__(self, *, hsts: bool) -> None:
        self._headers = (*_SECURITY_HEADERS, _HSTS) if hsts else _SECURITY_HEADERS

    def missing(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Returns those that a response does not set itself."""
        present = [name for name, _ in headers]
        return [each for each in self._headers if each[0] not in present]


class Middleware:
    """Passes a request to the app of its path in `direct`, and others to `app`.

    `public` has the paths that every page may read, and whose apps say so themselves. `health` has the paths to which
    any Host may be sent. If `hosts` is None, every Host is served.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        direct: Mapping[str, ASGIApp],
        public: Mapping[str, ASGIApp],
        health: Mapping[str, ASGIApp],
        observer: Observer,
        security: SecurityHeaders,
        cors: Cors,
        hosts: AllowedHosts | None,
    ) -> None:
        self._app = app
        self._direct = direct
        self._public = public
        self._health = health
        self._observer = observer
        self._security = security
        self._cors = cors
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = headers_of(scope)
        request = self._observer.begin(scope, headers)
        status: int | None = None

        def send_completed(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = CLIENT_GONE if is_disconnected(scope) else message["status"]
                is_public = scope["path"] in self._public
                message["headers"] = [
                    *(message["headers"] if is_public else self._cors.readable(message["headers"], headers)),
                    *self._security.missing(message["headers"]),
                    (b"x-request-id", request.id.encode()),
                ]
            return send(message)

        try:
            try:
                await self._app_for(scope, headers)(scope, receive, send_completed)
            except Exception as error:
                body = internal_error(error, GraphQLError(""))
                if status is not None:
                    raise
                await refusal(Request(scope), body, 500)(scope, receive, send_completed)
        except asyncio.CancelledError:
            status, request.failure = status or 503, "canceled"
            raise
        finally:
            self._observer.finish(request, scope, status or CLIENT_GONE, time.perf_counter() - start)

    def _app_for(self, scope: Scope, headers: Headers) -> ASGIApp:
        path = scope["path"]
        if path in self._health:
            return self._health[path]
        public = self._public.get(path)
        if not public and (preflight := self._cors.preflight(scope["method"], headers)):
            return preflight
        if self._hosts and not self._hosts.allow(headers):
            error = GraphQLError("This host is not served here. Add it to ALLOWED_HOSTS.")
            return refusal(Request(scope), formatted(error, "BAD_REQUEST"), 421)
        return public or self._direct.get(path, self._app)
