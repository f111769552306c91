"""How long a connection is kept for the next request, and what is told of it."""

import asyncio
import time
from urllib.parse import urlsplit

from tests.process.raw import answers

GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\n"
KEPT = 1  # second


async def test_an_idle_connection_is_closed_after_the_announced_time(url: str) -> None:
    reader, writer = await _connect(url)
    writer.write(GET + b"\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    begun = time.monotonic()
    await asyncio.sleep(KEPT / 2)

    rest = await reader.read()  # to the end: it is closed, and not broken off

    writer.close()
    assert b"\r\nkeep-alive: timeout=%d\r\n" % KEPT in head
    assert rest.count(b"HTTP/1.1 ") == 0
    assert KEPT - 0.5 < time.monotonic() - begun < KEPT + 1.5


async def test_each_response_restarts_the_idle_time(url: str) -> None:
    received = await _with_pauses(url, KEPT * 0.7, GET + b"\r\n", GET + b"\r\n", GET + b"\r\n")

    assert received.count(b"HTTP/1.1 200 ") == 3


async def test_a_request_in_progress_has_a_separate_deadline(url: str) -> None:
    received = await _with_pauses(url, KEPT * 1.5, GET + b"\r\n" + GET[:20], GET[20:] + b"\r\n")

    assert received.count(b"HTTP/1.1 200 ") == 2


async def test_only_a_response_that_keeps_the_connection_announces_the_time(url: str) -> None:
    closing = await answers(url, GET + b"Connection: close\r\n\r\n")
    refused = await answers(url, b"hello\r\n\r\n")
    large = await answers(
        url, GET.replace(b"GET", b"POST") + b"Content-Type: application/json\r\nContent-Length: 99999\r\n\r\n"
    )

    assert all(b"connection: close\r\n" in answer for answer in (closing, refused, large))
    assert not any(b"keep-alive:" in answer for answer in (closing, refused, large))


async def _with_pauses(url: str, seconds: float, *chunks: bytes) -> bytes:
    """All that comes back to chunks that are sent with pauses, until the connection is closed."""
    reader, writer = await _connect(url)
    for number, chunk in enumerate(chunks):
        await asyncio.sleep(seconds if number else 0)
        writer.write(chunk)
    received = await reader.read()
    writer.close()
    return received


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)
