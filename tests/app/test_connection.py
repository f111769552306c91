"""How a response leaves: in one packet if it can, and never with a header that could end its head."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from app.connection import Connection
from app.health import DRAINING

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _Transport(asyncio.Transport):
    """Keeps what is written, one item for each packet."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.packets.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def _answered(app: App, method: str = "GET", *, head: str = "", draining: bool = False) -> _Transport:
    """Returns what one request's response was written to."""
    config = uvicorn.Config(app, http=Connection, ws="none", log_config=None)
    config.load()
    state = ServerState()
    connection = Connection(config=config, server_state=state, app_state={DRAINING: True} if draining else {})
    transport = _Transport()
    connection.connection_made(transport)
    connection.data_received(f"{method} / HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
    await asyncio.gather(*state.tasks)
    connection.connection_lost(ConnectionResetError())  # ends the timers, and closes nothing
    return transport


def _with_header(name: bytes, value: bytes) -> App:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"2"), (name, value)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"OK"})

    return app


async def test_a_response_leaves_in_one_packet() -> None:
    transport = await _answered(PlainTextResponse("OK"))

    (packet,) = transport.packets
    assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
    assert packet.endswith(b"\r\nkeep-alive: timeout=5\r\n\r\nOK")
    assert not transport.closed


async def test_the_response_to_head_has_no_body() -> None:
    transport = await _answered(PlainTextResponse("OK"), "HEAD")

    written = b"".join(transport.packets)
    assert b"content-length: 2\r\n" in written
    assert written.endswith(b"\r\n\r\n")


async def test_a_response_without_a_length_is_chunked() -> None:
    transport = await _answered(StreamingResponse(iter(["O", "K"])))

    written = b"".join(transport.packets)
    assert b"transfer-encoding: chunked\r\n" in written
    assert written.endswith(b"\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("response", "head", "draining"),
    [
        (PlainTextResponse("OK"), "Connection: close\r\n", False),
        (PlainTextResponse("OK", headers={"Connection": "close"}), "", False),
        (PlainTextResponse("OK"), "Expect: 100-continue\r\nContent-Length: 2\r\n", False),
        (PlainTextResponse("OK"), "", True),
    ],
    ids=["the client", "the app", "a body that may not come", "draining"],
)
async def test_a_connection_that_ends_is_announced_once(response: Response, head: str, *, draining: bool) -> None:
    transport = await _answered(response, head=head, draining=draining)

    written = b"".join(transport.packets)
    assert written.count(b"connection: close\r\n") == 1
    assert b"keep-alive" not in written
    assert transport.closed


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b=c", b"a\nb", b"a\rb", b"a\0b", b"\x7f"])
async def test_a_header_with_control_characters_is_not_sent(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    transport = await _answered(_with_header(b"x-name", value))

    written = b"".join(transport.packets)
    assert written.startswith(b"HTTP/1.1 500 ")
    assert b"x-name" not in written
    assert "control characters" in caplog.text


@pytest.mark.parametrize("name", [b"", b"a b", b"a:b", b"a\r\nb", b"\xe9"])
async def test_a_header_without_a_valid_name_is_not_sent(name: bytes) -> None:
    transport = await _answered(_with_header(name, b"value"))

    assert re.match(rb"HTTP/1\.1 500 ", b"".join(transport.packets))


async def test_an_app_that_fails_before_its_body_is_answered_for() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        raise ValueError("broken")

    transport = await _answered(app)

    assert b"".join(transport.packets).startswith(b"HTTP/1.1 500 ")
