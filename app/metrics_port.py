"""Serves the metrics over HTTP on METRICS_HOST and METRICS_PORT, apart from the API and its proxies."""

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.server import cannot_listen, listen, url_of
from app.settings import InvalidSettingsError, Settings

if TYPE_CHECKING:
    from app.metrics import Metrics

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # which prometheus-client reads as it is imported
_PATH = "/metrics"
_MAX_REQUEST_BYTES = 8_192
_REQUEST_SECONDS = 5.0
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsPort:
    """The metrics, and the socket that all processes of `serve` accept on: any of them answers for all."""

    def __init__(self, metrics: "Metrics", bound: socket.socket) -> None:
        self.metrics = metrics
        self._bound = bound

    @property
    def url(self) -> str:
        return f"{url_of(self._bound)}{_PATH}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._converse, sock=self._bound.dup(), limit=_MAX_REQUEST_BYTES)
        try:
            yield
        finally:
            server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request (RFC 9112) and closes the connection."""
        failures = (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError)
        with contextlib.suppress(*failures), contextlib.closing(writer):
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(request))
                await writer.drain()

    async def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != _PATH.encode():
            return _response("404 Not Found", f"The metrics are at {_PATH}.\n".encode())
        if method not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", b"Use GET.\n", "Allow: GET, HEAD\r\n")
        response = _response("200 OK", await self.metrics.render())
        return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else response


@contextlib.contextmanager
def metrics_port(settings: Settings, operations: Collection[str]) -> Iterator[MetricsPort | None]:
    """Opens the port, if METRICS_PORT is set. Raises InvalidSettingsError if it is in use."""
    port = settings.metrics_port
    if port is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        folder = None
        if settings.workers > 1:
            folder = os.environ[_FOLDER] = stack.enter_context(tempfile.TemporaryDirectory(prefix="metrics-"))
        from app.metrics import Metrics

        metrics = Metrics(operations, Path(folder) if folder else None)
        yield MetricsPort(metrics, stack.enter_context(_listen(settings.metrics_host, port)))


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        raise InvalidSettingsError(f"METRICS_PORT: {cannot_listen(host, port, error)}") from None


def _response(status: str, body: bytes, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {_TEXT}\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n"
    )
    return f"{head}\r\n".encode() + body
