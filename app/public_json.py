"""Publishes JSON at a path under /.well-known.

For anyone: there is no cookie to protect and nothing secret to read, so that every page and every cache may have it.
"""

import hashlib

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MAX_AGE_SECONDS = 300
_METHODS = "GET, HEAD, OPTIONS"


class PublicJson:
    """Answers with `published`."""

    def __init__(self, published: object, media_type: str = "application/json") -> None:
        self._body = orjson.dumps(published)
        self._media_type = media_type
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        self._headers = {
            "access-control-allow-origin": "*",
            "cache-control": f"public, max-age={MAX_AGE_SECONDS}",
            "etag": self._tag,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope["method"], Headers(scope=scope))(scope, receive, send)

    def _answer(self, method: str, headers: Headers) -> Response:
        if method == "OPTIONS":
            allowed = {"access-control-allow-methods": _METHODS, "access-control-allow-headers": "*"}
            return Response(status_code=204, headers={"access-control-allow-origin": "*", "allow": _METHODS, **allowed})
        if method not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"allow": _METHODS})
        known = {each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")}
        if known & {self._tag, "*"}:
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, headers=self._headers, media_type=self._media_type)
