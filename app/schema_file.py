"""Serves the SDL of the running schema at GET /schema.graphql, in development: production has no introspection."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sdl import sdl

PATH = "/schema.graphql"


def schema_route() -> Route:
    return Route(PATH, _send_sdl)


async def _send_sdl(request: Request) -> Response:
    """Sends what `export-schema` prints. The media type is one that browsers show instead of downloading it."""
    body = sdl().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/plain")
