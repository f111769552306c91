"""A client's connection: uvicorn's HTTP/1.1, with our own deadlines and limits.

uvicorn closes a connection only when it idles after a response. A server that faces the internet must also close
connections that stay silent, stall in a request or do not read the response; see docs/decisions/0001-asgi-server.md.
"""

import asyncio
import re
import select
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.health import DRAINING
from app.observation import REFUSALS, RefusalObserver
from app.requests import ALLOW_RESPONSE, EXCHANGE

CLOSING = "closing"
"""The key of the lifespan's state under which the server says that it has stopped listening."""
_LAST_REQUEST_SECONDS = 2.0  # for the request of a connection that was opened while the server stopped listening
_REQUEST_SECONDS = 10.0  # to receive a whole request, from the connection's start or the request's first byte
_RESPONSE_SECONDS = 20.0  # to send the response: the request's own deadline, and time to read it
_MAX_HEAD_BYTES = 16_384  # of the request line and the headers
_MAX_REQUEST_BYTES = 262_144  # of the whole request, including chunks and trailers
_MAX_PIPELINED = 8  # requests that wait behind the current one
_VERSIONS = {"1.0", "1.1"}
_CLOSE = (b"connection", b"close")
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n"})  # which no header's value has, apart from the end of its line
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CACHED_NAMES = 256
_ABSOLUTE_FORM = re.compile(rb"https?://([^/?#@]+)([/?].*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: HTTPStatus
    sentence: bytes

    def response(self, request_id: str) -> bytes:
        """Returns a complete response that ends the connection."""
        body = b'{"errors":[{"message":"%s","extensions":{"code":"BAD_REQUEST"}}]}' % self.sentence
        return (
            b"HTTP/1.1 %d %s\r\nconnection: close\r\nx-request-id: %s\r\n"
            b"content-type: application/graphql-response+json; charset=utf-8\r\n"
            b"content-length: %d\r\n\r\n%s"
            % (self.status, self.status.phrase.encode(), request_id.encode(), len(body), body)
        )


_MALFORMED = _Refusal(HTTPStatus.BAD_REQUEST, b"This is not a valid HTTP request.")
_HEAD_TOO_LARGE = _Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, b"The headers are too large.")
_TUNNEL = _Refusal(HTTPStatus.NOT_IMPLEMENTED, b"This server is not a proxy.")
_OTHER_VERSION = _Refusal(
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, b"Use HTTP/1.1, or a proxy that supports other versions."
)


class _RefusedError(Exception):
    """Stops the parser."""


class _Parser:
    """httptools' parser, which ignores offers to switch to another protocol (Upgrade), as RFC 9110, 7.8 allows.

    llhttp stops at such an offer as if it had been accepted, and would read the body as the next request. So the head
    is parsed again without it, and the same parser frames the body.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._parser = self._new()

    def feed_data(self, data: bytes) -> None:
        """Raises httptools.HttpParserError."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._connection.head_without_upgrade() + data[upgrade.args[0] :]
                self._parser = self._new()
            else:
                return

    def has_upgrade(self) -> bool:
        return bool(self._parser.should_upgrade())

    def should_upgrade(self) -> bool:
        return False

    def should_keep_alive(self) -> bool:
        return bool(self._parser.should_keep_alive())

    def get_http_version(self) -> str:
        return str(self._parser.get_http_version())

    def get_method(self) -> bytes:
        return bytes(self._parser.get_method())

    def _new(self) -> Any:
        parser = httptools.HttpRequestParser(self._connection)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does, to answer earlier requests
        return parser


class _Response:
    """Sends a response, and says how long the connection stays open, or that it is closed.

    A response whose body comes as a whole leaves in one packet, which takes 6 % off the CPU time of `me`. Any other is
    uvicorn's.
    """

    def __init__(self, cycle: RequestResponseCycle, keep_alive: tuple[bytes, bytes], state: Mapping[str, Any]) -> None:
        self._cycle = cycle
        self._keep_alive = keep_alive
        self._state = state
        self._start: Message | None = None  # until the body begins

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            self._end_keep_alive_if_required()
            headers = [*start.get("headers", ()), *self._cycle.default_headers]
            if self._is_whole(headers, message):
                await self._send_whole(start["status"], headers, message.get("body", b""))
                return
            if self._cycle.keep_alive and _CLOSE not in headers:
                start["headers"] = [*start.get("headers", ()), self._keep_alive]
            await self._cycle.send(cast(Any, start))
        await self._cycle.send(cast(Any, message))

    def _end_keep_alive_if_required(self) -> None:
        """All connections are closed while draining, and those whose client awaits 100 Continue.

        Such a client may or may not send the body (RFC 9110, 10.1.1).
        """
        if self._cycle.waiting_for_100_continue or DRAINING in self._state:
            self._cycle.keep_alive = False

    def _is_whole(self, headers: list[tuple[bytes, bytes]], message: Message) -> bool:
        return (
            self._cycle.keep_alive
            and self._cycle.scope["method"] != "HEAD"
            and not message.get("more_body", False)
            and (b"content-length", b"%d" % len(message.get("body", b""))) in headers
            and _CLOSE not in headers
        )

    async def _send_whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        head = _head(status, [*headers, self._keep_alive])
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(head + body)
        cycle.message_event.set()
        cycle.on_response()


def _head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Returns the head of a response. Raises ValueError for a header that could end it, or begin another."""
    head = b"".join([_name(name) + value + b"\r\n" for name, value in headers])
    if head.count(b"\n") != len(headers) or len(head.translate(None, _CONTROLS)) != len(head) - len(headers):
        raise ValueError("a header with control characters")
    return STATUS_LINE[status] + head + b"\r\n"


@lru_cache(_CACHED_NAMES)
def _name(name: bytes) -> bytes:
    """Returns the beginning of a header's line. Raises ValueError unless the name is a token (RFC 9110, 5.6.2)."""
    if not _TOKEN.fullmatch(name):
        raise ValueError("an invalid name of a header")
    return name.lower() + b": "


class Connection(HttpToolsProtocol):
    """Cuts off clients that send or read too slowly, however steadily, and clients that send too much."""

    _deadline = 0.0  # of what is awaited now, on the loop's clock
    _at_deadline: Callable[[], None]
    _timer: asyncio.TimerHandle | None = None
    _timer_due = 0.0
    _received = 0  # bytes of the current request
    _head = 0  # bytes of its head so far; -1 from the end of the head to the end of the body
    _receiving = False  # from a request's first byte to its last
    _idle = False  # between a response and the next request
    _idle_since = 0.0  # on the loop's clock
    _refusal = _MALFORMED
    _begun = 0.0  # when the current request's first byte arrived, on the loop's clock
    _ignore_input = False  # once the connection was refused

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._requests = _Parser(self)
        self._keep_alive = (b"keep-alive", b"timeout=%d" % self.timeout_keep_alive)
        self.parser = self._requests  # type: ignore[assignment]  # it has the methods that uvicorn calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._set_deadline(_REQUEST_SECONDS, self._abort_unfinished)
        if CLOSING in self.app_state:
            self._wait_for_last_request()

    def data_received(self, data: bytes) -> None:
        if self._ignore_input:
            return
        if not self._received:
            self._begun = self.loop.time()
        self._received += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.transport.is_closing():
                self._refuse(_OTHER_VERSION if self.parser.get_method() == b"PRI" else self._refusal)
        if self.transport.is_closing():
            return
        if self._head >= 0 and self._received > _MAX_HEAD_BYTES:  # in an unfinished line
            self._refuse(_HEAD_TOO_LARGE)
        elif self._received > _MAX_REQUEST_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._head = 0
        self._receiving = True
        if self._idle:
            self._idle = False
            self._set_deadline(_REQUEST_SECONDS, self._abort_unfinished)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._add_to_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head < 0:
            return  # a trailer, which must not be taken for a header
        self._add_to_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in _VERSIONS:
            self._stop_and_refuse(_OTHER_VERSION)
        if self.parser.get_method() == b"CONNECT":
            self._stop_and_refuse(_TUNNEL)
        if self._requests.has_upgrade():
            return
        self._head = -1
        if len(self.pipeline) >= _MAX_PIPELINED:
            self.transport.abort()
            raise _RefusedError
        if not self._has_valid_host():
            raise _RefusedError
        self._read_absolute_form()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._requests.has_upgrade():
            return  # the same request is parsed again
        self._head = self._received = 0
        self._receiving = False
        if self.cycle.response_complete:
            self._wait_for_request()
        else:
            self._set_deadline(_RESPONSE_SECONDS)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Goes on with what waits, or waits for the next request. uvicorn would set a timer for each wait."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._receiving:
            self._set_deadline(_REQUEST_SECONDS, self._abort_unfinished)
        elif self.cycle.response_complete:
            self._wait_for_request()
        else:
            self._set_deadline(_RESPONSE_SECONDS)  # of the next pipelined request

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Ends the connection once it has been answered. A new one may still send its request."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif self._receiving:
            return  # its response closes the connection
        elif not self.cycle or self._has_input():
            self._wait_for_last_request()
        else:
            self.transport.close()

    def head_without_upgrade(self) -> bytes:
        """Writes the request's head again without its Upgrade headers."""
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return line + b"".join(b"%s: %s\r\n" % each for each in self.headers if each[0] != b"upgrade") + b"\r\n"

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        response = _Response(cycle, self._keep_alive, self.app_state)

        def answer(scope: Scope, receive: Receive, _: Send) -> Awaitable[None]:
            scope[EXCHANGE] = cycle
            scope[ALLOW_RESPONSE] = self._set_deadline
            answered: Awaitable[None] = app(scope, receive, response.send)
            return answered

        super()._start_asgi_task(cycle, cast(Any, answer))

    def _add_to_head(self, size: int) -> None:
        self._head += size
        if self._head > _MAX_HEAD_BYTES:
            self._stop_and_refuse(_HEAD_TOO_LARGE)

    def _has_valid_host(self) -> bool:
        """Whether there is exactly one Host, which HTTP/1.0 may omit (RFC 9112, 3.2)."""
        hosts = [name for name, _ in self.headers].count(b"host")
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")

    def _read_absolute_form(self) -> None:
        """Takes the Host from a target that is a whole URL, as sent to proxies (RFC 9112, 3.2.2)."""
        if self.url[:1] in {b"/", b"*"}:
            return
        target = _ABSOLUTE_FORM.fullmatch(self.url)
        if target is None:
            raise _RefusedError
        self.headers[:] = [each for each in self.headers if each[0] != b"host"] + [(b"host", target[1])]
        path = target[2] or b"/"
        self.url = path if path.startswith(b"/") else b"/" + path

    def _stop_and_refuse(self, refusal: _Refusal) -> None:
        """Stops the parser from one of its callbacks; the response is sent afterwards."""
        self._refusal = refusal
        raise _RefusedError

    def _refuse(self, refusal: _Refusal) -> None:
        self._ignore_input = True
        self.transport.write(refusal.response(self._report(refusal.status, "BAD_REQUEST")))
        self.transport.close()

    def _abort_unfinished(self) -> None:
        """Cuts off a client that stalls. The application reports a stalled body, but it never sees a stalled head."""
        if self._receiving and self._head >= 0:
            self._report(HTTPStatus.REQUEST_TIMEOUT, None)
        self.transport.abort()

    def _report(self, status: int, code: str | None) -> str:
        """Reports a request that the application does not see. Returns its id."""
        observe: RefusalObserver = self.app_state[REFUSALS]
        return observe(int(status), code, self.client[0] if self.client else "", self.loop.time() - self._begun)

    def _wait_for_request(self) -> None:
        """Closes the connection after the announced time, and cuts off a client that does not read the response."""
        self._idle = True
        self._idle_since = self.loop.time()
        self._set_deadline(min(self.timeout_keep_alive, _REQUEST_SECONDS), self._close_idle)

    def _wait_for_last_request(self) -> None:
        self._idle = True  # a request that begins has its own deadline
        self._set_deadline(_LAST_REQUEST_SECONDS, self.transport.close)

    def _has_input(self) -> bool:
        """Whether something has arrived that was not read yet. To close now would reset the connection."""
        return is_readable(self.transport.get_extra_info("socket"))

    def _close_idle(self) -> None:
        is_unread = self.transport.get_write_buffer_size() > 0
        allowed = _REQUEST_SECONDS if is_unread else self.timeout_keep_alive
        remaining = self._idle_since + allowed - self.loop.time()
        if remaining > 0:
            self._set_deadline(remaining, self._close_idle)
        elif is_unread:
            self.transport.abort()
        else:
            self.transport.close()

    def _set_deadline(self, seconds: float, then: Callable[[], None] | None = None) -> None:
        """Replaces the deadline. A timer that is due earlier goes on: a request sets three, and nearly all are met."""
        # abort, not close: close waits until the client has read the buffer.
        self._at_deadline = then or self.transport.abort
        self._deadline = self.loop.time() + seconds
        if self._timer is None or self._timer_due > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer_due = self._deadline
        self._timer = self.loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timer = None
        if self.loop.time() < self._deadline:
            self._set_timer()
        else:
            self._at_deadline()


def is_readable(waiting: socket.socket) -> bool:
    """Whether bytes wait to be read or, at a listening socket, connections to be accepted."""
    poll = select.poll()
    poll.register(waiting, select.POLLIN)
    return bool(poll.poll(0))
