"""Reads the bodies of requests, within limits of size and time."""

import asyncio
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from app.requests import has_whole_body

BODY_DEADLINE = 10.0  # seconds to receive the whole body


@dataclass
class RefusedRequestError(Exception):
    """A request that is answered with an HTTP error."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


async def read_body(request: Request, maximum: int) -> bytes:
    """Reads at most `maximum` bytes, with or without Content-Length.

    Raises RefusedRequestError with the status 408, 413 or 415.
    """
    headers = request.headers
    if headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
        raise RefusedRequestError(415, "Send the body without compression.", {"Accept-Encoding": "identity"})
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > maximum:
        raise too_large(maximum)
    if has_whole_body(request.scope):  # as nearly always: spares the timer
        return await _read(request, maximum)
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await _read(request, maximum)
    except TimeoutError:
        raise RefusedRequestError(408, "The body did not arrive in time.", {"Connection": "close"}) from None


def too_large(maximum: int) -> RefusedRequestError:
    return RefusedRequestError(413, f"A request may have at most {maximum} bytes.", {"Connection": "close"})


async def _read(request: Request, maximum: int) -> bytes:
    body = bytearray()
    more_body = True
    while more_body:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message["body"]
        if len(body) > maximum:
            raise too_large(maximum)
        more_body = message["more_body"]
    return bytes(body)
