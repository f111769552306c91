"""HTTP/1.1 as the tests' PayPal speaks it: just enough, and wrong where a test wants it wrong."""

import asyncio
import enum
import json
import secrets
from http import HTTPStatus

from app.development.paypal.api import Received, call_of
from app.development.paypal.replies import Reply, error


class Trouble(enum.Enum):
    """LOST does the work and drops the connection; the others do nothing."""

    HANG = "hang"
    DROP = "drop"
    LOST = "lost"
    GARBAGE = "garbage"
    INTERNAL_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR
    UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
    TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


async def read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(call_of(method, path), method, path, headers, body)


def written(reply: Reply) -> bytes:
    debug_id = reply.body.get("debug_id") or secrets.token_hex(6)
    headers = f"content-type: application/json\r\npaypal-debug-id: {debug_id}"
    return response(reply.status, json.dumps(reply.body).encode(), headers)


def response(status: int, body: bytes, headers: str) -> bytes:
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{headers}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def troubled(trouble: Trouble) -> bytes:
    """What is answered in trouble. Raises ConnectionAbortedError for what is no answer."""
    if trouble is Trouble.GARBAGE:
        return b"\x00\xff no HTTP at all \r\n\r\n"
    if not isinstance(trouble.value, HTTPStatus):
        raise ConnectionAbortedError
    name = trouble.value.phrase.upper().replace(" ", "_")
    return written(error(trouble.value, name, "Try later.", name, "Try later."))
