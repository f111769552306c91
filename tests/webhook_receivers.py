"""Receivers of webhooks over plain HTTP: they keep what they got, and answer what the test says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Reply = Callable[["Delivery", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Delivery:
    """A request, with the names of its headers in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`replies` are used up one by one; then `status` is the answer."""

    port: int = 0
    status: int = 204
    replies: list[Reply] = field(default_factory=list)
    got: list[Delivery] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    @property
    def ids(self) -> list[str]:
        return [delivery.id for delivery in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not reader.at_eof():
                delivery = await _read(reader)
                self.got.append(delivery)
                reply = self.replies.pop(0) if self.replies else answers(self.status)
                await reply(delivery, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def answers(status: int, *headers: str, body: bytes = b"") -> Reply:
    async def reply(_: Delivery, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return reply


async def never(_: Delivery, _writer: asyncio.StreamWriter) -> None:
    """Accepts the request and says nothing."""
    await asyncio.sleep(3600)


async def slow_headers(_: Delivery, writer: asyncio.StreamWriter) -> None:
    """A header that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless_body(_: Delivery, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


async def slow_body(_: Delivery, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
    await writer.drain()
    await asyncio.sleep(3600)


async def nonsense(_: Delivery, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01 no HTTP\r\n\r\n")


async def hangs_up(_: Delivery, writer: asyncio.StreamWriter) -> None:
    writer.close()


@contextlib.asynccontextmanager
async def receiver(status: int = 204, *replies: Reply) -> AsyncIterator[Receiver]:
    it = Receiver(status=status, replies=list(replies))
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(it.serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Delivery:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Delivery(first.split(" ")[1], headers, body)
