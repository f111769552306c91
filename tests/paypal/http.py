"""HTTP/1.1 as the tests' PayPal speaks it: just enough, and wrong where a test wants it wrong."""

import asyncio
import enum
import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from tests.paypal.books import Reply, error


class Call(enum.Enum):
    """What is asked of PayPal."""

    TOKEN = "token"
    CREATE = "create"
    SHOW = "show"
    CAPTURE = "capture"
    VERIFY = "verify"
    SHOW_CAPTURE = "show capture"
    APPROVAL_PAGE = "approval page"


class Trouble(enum.Enum):
    """LOST does the work and drops the connection; the others do nothing."""

    HANG = "hang"
    DROP = "drop"
    LOST = "lost"
    GARBAGE = "garbage"
    INTERNAL_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR
    UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
    TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True)
class Received:
    call: Call | None
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def request_id(self) -> str | None:
        return self.headers.get("paypal-request-id")


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
    return Received(_call(method, path), method, path, headers, body)


def _call(method: str, path: str) -> Call | None:
    match method, path.partition("?")[0].split("/")[1:]:
        case "POST", ["v1", "oauth2", "token"]:
            return Call.TOKEN
        case "POST", ["v1", "notifications", "verify-webhook-signature"]:
            return Call.VERIFY
        case "POST", ["v2", "checkout", "orders"]:
            return Call.CREATE
        case "GET", ["v2", "checkout", "orders", _]:
            return Call.SHOW
        case "POST", ["v2", "checkout", "orders", _, "capture"]:
            return Call.CAPTURE
        case "GET", ["v2", "payments", "captures", _]:
            return Call.SHOW_CAPTURE
        case "GET", ["checkoutnow"]:
            return Call.APPROVAL_PAGE
    return None


def order_id(path: str) -> str:
    return path.split("/")[4]


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
