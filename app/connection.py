"""One connection of a client: HTTP/1.1 as uvicorn speaks it, with deadlines and bounds of our own.

uvicorn closes a connection only when it idles after a response. An endpoint that faces the internet must also close
those that are silent, stall in a request or do not read the answer; see docs/decisions/0001-asgi-server.md.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

import httptools
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_REQUEST_DEADLINE = 10.0  # seconds until a whole request is here, counted from the connection or its first byte
_ANSWER_DEADLINE = 20.0  # seconds until the answer is out: a request's own deadline, and time to read it
_MAX_HEAD = 16_384  # bytes of a request line and headers
_MAX_REQUEST = 262_144  # bytes of a whole request, chunks and trailers among them
_MAX_PIPELINED = 8  # requests that wait behind the one that is being answered
_VERSIONS = {"1.0", "1.1"}
_ABSOLUTE_FORM = re.compile(rb"https?://([^/?#@]+)([/?].*)?", re.IGNORECASE)


def _refusal(status: bytes, sentence: bytes) -> bytes:
    """A whole answer that ends the connection."""
    body = b'{"errors":[{"message":"%s","extensions":{"code":"BAD_REQUEST"}}]}' % sentence
    return (
        b"HTTP/1.1 %s\r\nconnection: close\r\n"
        b"content-type: application/graphql-response+json; charset=utf-8\r\n"
        b"content-length: %d\r\n\r\n%s" % (status, len(body), body)
    )


_BAD_REQUEST = _refusal(b"400 Bad Request", b"This is no HTTP request.")
_HEAD_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_NO_TUNNEL = _refusal(b"501 Not Implemented", b"This is no proxy.")
_OTHER_VERSION = _refusal(b"505 HTTP Version Not Supported", b"Speak HTTP/1.1. A proxy in front may speak others.")


class _RefusedError(Exception):
    """Ends the parsing of what has come."""


class _Parser:
    """httptools' parser, to which an offer to speak another protocol (Upgrade) is a request like any other.

    llhttp stops at such an offer as if it had been taken up, and would read the body as the next request. RFC 9110,
    7.8 lets a server ignore it: the head is parsed again without it, so that the same parser frames the body.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._parser = self._new()

    def feed_data(self, data: bytes) -> None:
        """Raises httptools.HttpParserError."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._connection.head_without_upgrade() + data[offer.args[0] :]
                self._parser = self._new()
            else:
                return

    def is_offered_another_protocol(self) -> bool:
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
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does, to answer what came before it
        return parser


class Connection(HttpToolsProtocol):
    """Whoever sends or reads too slowly or too much is cut off, however steadily it does so."""

    _deadline: asyncio.TimerHandle | None = None
    _received = 0  # bytes of the request that is coming in
    _head = 0  # of those, what its head has so far; -1 from its end to the end of the body
    _coming = False  # from a request's first byte to its last
    _idle = False  # between an answer and the next request
    _refusal = _BAD_REQUEST
    _deaf = False  # once nothing that comes is part of a request

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._requests = _Parser(self)
        self.parser = self._requests  # type: ignore[assignment]  # it has what uvicorn calls

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
        if self._head >= 0 and self._received > _MAX_HEAD:  # a line that has no end yet
            self._refuse(_HEAD_TOO_LONG)
        elif self._received > _MAX_REQUEST:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._head = 0
        self._coming = True
        if self._idle:
            self._idle = False
            self._set_deadline(_REQUEST_DEADLINE)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._add_to_head(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head < 0:
            return  # a trailer, which must not pass for a header
        self._add_to_head(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in _VERSIONS:
            self._give_up(_OTHER_VERSION)
        if self.parser.get_method() == b"CONNECT":
            self._give_up(_NO_TUNNEL)
        if self._requests.is_offered_another_protocol():
            return
        self._head = -1
        if len(self.pipeline) >= _MAX_PIPELINED:
            self.transport.abort()
            raise _RefusedError
        if not self._has_its_host():
            raise _RefusedError
        self._read_absolute_form()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._requests.is_offered_another_protocol():
            return  # the same request comes again
        self._head = self._received = 0
        self._coming = False
        if self.cycle.response_complete:
            self._wait_for_a_request()
        else:
            self._set_deadline(_ANSWER_DEADLINE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._coming:
            self._unset_keepalive_if_required()
            self._set_deadline(_REQUEST_DEADLINE)
        elif self.cycle.response_complete:
            self._wait_for_a_request()
        else:
            self._set_deadline(_ANSWER_DEADLINE)  # the next of those that were pipelined

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        del msg
        if self.transport.is_closing():
            return
        self._refuse(_OTHER_VERSION if self.parser.get_method() == b"PRI" else self._refusal)

    def head_without_upgrade(self) -> bytes:
        """What has come of the request, written anew without its offer to speak another protocol."""
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return line + b"".join(b"%s: %s\r\n" % each for each in self.headers if each[0] != b"upgrade") + b"\r\n"

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, _with_keep_alive_header(app, cycle, self.timeout_keep_alive))

    def _add_to_head(self, *parts: bytes) -> None:
        self._head += sum(map(len, parts))
        if self._head > _MAX_HEAD:
            self._give_up(_HEAD_TOO_LONG)

    def _has_its_host(self) -> bool:
        """Exactly one, which HTTP/1.0 may leave out (RFC 9112, 3.2)."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")

    def _read_absolute_form(self) -> None:
        """Takes Host from the target where that names a whole URL, as proxies' clients send it (RFC 9112, 3.2.2)."""
        if self.url[:1] in {b"/", b"*"}:
            return
        target = _ABSOLUTE_FORM.fullmatch(self.url)
        if target is None:
            raise _RefusedError
        self.headers[:] = [each for each in self.headers if each[0] != b"host"] + [(b"host", target[1])]
        path = target[2] or b"/"
        self.url = path if path.startswith(b"/") else b"/" + path

    def _give_up(self, answer: bytes) -> None:
        """Out of a callback of the parser, after which the answer is sent."""
        self._refusal = answer
        raise _RefusedError

    def _refuse(self, answer: bytes) -> None:
        self._deaf = True
        self.transport.write(answer)
        self.transport.close()

    def _wait_for_a_request(self) -> None:
        """uvicorn closes what idles for too long; whoever has not read the answer long before is cut off here."""
        self._idle = True
        self._set_deadline(_REQUEST_DEADLINE, self._abort_unless_read)

    def _abort_unless_read(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self._set_deadline(self.timeout_keep_alive)  # by when uvicorn has closed it, unless bare line breaks came

    def _set_deadline(self, seconds: float, then: Callable[[], None] | None = None) -> None:
        if self._deadline:
            self._deadline.cancel()
        # Not closed but aborted: closing waits until the client has read what is buffered.
        self._deadline = self.loop.call_later(seconds, then or self.transport.abort)


def _with_keep_alive_header(app: ASGIApp, cycle: RequestResponseCycle, seconds: float) -> Any:
    """Adds Keep-Alive where the connection stays open after the answer."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_start(message: Message) -> None:
            if message["type"] == "http.response.start":
                if cycle.waiting_for_100_continue:
                    cycle.keep_alive = False  # whether the body comes, only the client knows (RFC 9110, 10.1.1)
                headers = list(message.get("headers", ()))
                if cycle.keep_alive and (b"connection", b"close") not in headers:
                    message["headers"] = [*headers, (b"keep-alive", b"timeout=%d" % seconds)]
            await send(message)

        await app(scope, receive, send_start)

    return answer
