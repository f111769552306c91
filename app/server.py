"""The ASGI server, uvicorn with deadlines of our own: the only file that names it.

uvicorn closes a connection only when it idles after a response. An endpoint that faces the internet must also close
those that are silent, stall in a request or do not read the answer; see docs/decisions/0001-asgi-server.md.
"""

import asyncio
import os
import signal
import socket
import traceback
from collections.abc import Callable
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REQUEST_DEADLINE = 10.0  # seconds until a whole request is here, counted from the connection or the last answer
_ANSWER_DEADLINE = 20.0  # seconds until the answer is out: a request's own deadline, and time to read it
_GRACEFUL_TIMEOUT = 10  # seconds that running requests get after SIGTERM
_LONGEST_HEAD = 16_384  # bytes of a request line and headers
_HEAD_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _Protocol(HttpToolsProtocol):
    """Whoever sends or reads too slowly is cut off, however steadily it does so."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0  # bytes of a head that is not complete; -1 from there to the end of the body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._set_deadline(_REQUEST_DEADLINE)

    def data_received(self, data: bytes) -> None:
        if self._head >= 0:
            self._head += len(data)
        super().data_received(data)
        if self._head > _LONGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LONG)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = -1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        self._set_deadline(_ANSWER_DEADLINE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._set_deadline(_REQUEST_DEADLINE)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _set_deadline(self, seconds: float) -> None:
        if self._deadline:
            self._deadline.cancel()
        # Not closed but aborted: closing waits until the client has read what is buffered.
        self._deadline = self.loop.call_later(seconds, self.transport.abort)


def listen(host: str, port: int) -> socket.socket:
    """A bound and listening socket; port 0 picks a free one. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family, backlog=1024)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(make_app: Callable[[], ASGIApp], bound: socket.socket, workers: int) -> int:
    """Serves until SIGTERM or SIGINT, and returns the exit status. Each worker process makes its own app."""
    if workers == 1:
        return _serve(make_app, bound)
    children = [_fork(make_app, bound) for _ in range(workers)]

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # One that died takes the rest along: whatever supervises this process starts it anew, whole.
    first, status = os.wait()
    children.remove(first)
    stop()
    for child in children:
        os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))


def _fork(make_app: Callable[[], ASGIApp], bound: socket.socket) -> int:
    if child := os.fork():
        return child
    status = 1
    try:
        status = _serve(make_app, bound)
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def _serve(make_app: Callable[[], ASGIApp], bound: socket.socket) -> int:
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(),
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_keep_alive=int(_REQUEST_DEADLINE),
            timeout_graceful_shutdown=_GRACEFUL_TIMEOUT,
        )
    )
    # Once it has shut down, uvicorn raises the signal again: that is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    server.run(sockets=[bound])
    return 0 if server.started else 1
