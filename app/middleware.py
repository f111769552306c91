"""Plain ASGI middleware: the check of the Host, and the security headers of every response."""

from collections.abc import Collection, Iterable

from graphql import GraphQLError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import formatted
from app.http import refusal
from app.origins import is_loopback

_SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HSTS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


class AllowedHosts:
    """Answers 421 if the Host is neither loopback nor listed.

    This prevents DNS rebinding, by which a page could reach a service on a laptop. Names under localhost are
    allowed, because they always resolve to the machine itself.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_known(_host(scope)):
            error = GraphQLError("This host is not served here. Add it to ALLOWED_HOSTS.")
            await refusal(Request(scope), formatted(error, "BAD_REQUEST"), 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        return host in self._hosts or is_loopback(f"http://{host}")


class SecurityHeaders:
    """Adds the headers that a response does not have yet; `hsts` is for a service that is reached only over https."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self._app = app
        self._headers: Iterable[tuple[str, str]] = tuple((_SECURITY_HEADERS | (_HSTS if hsts else {})).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _host(scope: Scope) -> str:
    """Returns the Host without its port; an IPv6 address keeps its brackets."""
    host = Headers(scope=scope).get("host", "").lower()
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
