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
from contextlib import suppress
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REQUEST_DEADLINE = 10.0  # seconds until a whole request is here, counted from the connection or the last answer
_ANSWER_DEADLINE = 20.0  # seconds until the answer is out: a request's own deadline, and time to read it
_GRACEFUL_TIMEOUT = 10  # seconds that running requests get after SIGTERM
_LAST_LOOK = 0.2  # seconds after SIGTERM in which what was sent before it is read
_LONGEST_HEAD = 16_384  # bytes of a request line and headers
_LONGEST_REQUEST = 262_144  # bytes of a whole request, chunks and trailers among them
_MOST_PIPELINED = 8  # requests that wait behind the one that is being answered
_NO_HTTP = b'{"errors":[{"message":"This is no HTTP request.","extensions":{"code":"BAD_REQUEST"}}]}'
_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"
    b"content-type: application/graphql-response+json; charset=utf-8\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_NO_HTTP), _NO_HTTP)
)
_HEAD_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_END = (signal.SIGTERM, signal.SIGINT)


class _RefusedError(Exception):
    """Ends the parsing of what has come."""


class _Protocol(HttpToolsProtocol):
    """Whoever sends or reads too slowly or too much is cut off, however steadily it does so."""

    _deadline: asyncio.TimerHandle | None = None
    _received = 0  # bytes of the request that is coming in
    _head = 0  # of those, what its head has so far; -1 from its end to the end of the body
    _refusal = _BAD_REQUEST
    _deaf = False  # once nothing that comes is part of a request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._set_deadline(_REQUEST_DEADLINE)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head >= 0 and self._received > _LONGEST_HEAD:  # a line that has no end yet
            self._refuse(_HEAD_TOO_LONG)
        elif self._received > _LONGEST_REQUEST:
            self.transport.abort()

    def on_url(self, url: bytes) -> None:
        self._add_to_head(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head < 0:
            return  # a trailer, which must not pass for a header
        self._add_to_head(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head = -1
        if len(self.pipeline) >= _MOST_PIPELINED:
            self.transport.abort()
            raise _RefusedError
        upgrading = self.parser.should_upgrade()
        if upgrading and any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers):
            raise _RefusedError  # its body would be read as another request
        super().on_headers_complete()
        if upgrading:
            self._deaf = True
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._head = self._received = 0
        if not self.cycle.response_complete:
            self._set_deadline(_ANSWER_DEADLINE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._set_deadline(_REQUEST_DEADLINE)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        del msg
        if not self.transport.is_closing():
            self._refuse(self._refusal)

    def _unsupported_upgrade_warning(self) -> None:
        """Whoever asks for another protocol gets this one, and no line in the log."""

    def _add_to_head(self, *parts: bytes) -> None:
        self._head += sum(map(len, parts))
        if self._head > _LONGEST_HEAD:
            self._refusal = _HEAD_TOO_LONG
            raise _RefusedError

    def _refuse(self, answer: bytes) -> None:
        self._deaf = True
        self.transport.write(answer)
        self.transport.close()

    def _set_deadline(self, seconds: float) -> None:
        if self._deadline:
            self._deadline.cancel()
        # Not closed but aborted: closing waits until the client has read what is buffered.
        self._deadline = self.loop.call_later(seconds, self.transport.abort)


class _Server(uvicorn.Server):
    """uvicorn's loses a signal that comes while it starts, and drops what still waits in the kernel at SIGTERM."""

    told_early = False

    async def main_loop(self) -> None:
        self.should_exit = self.should_exit or self.told_early
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(_LAST_LOOK)
        await super().shutdown(sockets)


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
    signal.pthread_sigmask(signal.SIG_BLOCK, _END)  # until there is somebody to pass it on to
    children = [_fork(make_app, bound) for _ in range(workers)]

    def stop(*_: object) -> None:
        for child in children:
            with suppress(ProcessLookupError):  # it was told before, and has ended
                os.kill(child, signal.SIGTERM)

    _on_end(stop)
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
    server = _Server(
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

    def tell(*_: object) -> None:
        server.told_early = True  # or late: once it has shut down, uvicorn raises the signal again

    _on_end(tell)
    server.run(sockets=[bound])
    return 0 if server.started else 1


def _on_end(handle: Callable[..., None]) -> None:
    """Also for a signal that came while they were blocked."""
    for each in _END:
        signal.signal(each, handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)
