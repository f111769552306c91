"""The ASGI server: uvicorn with the connections of `app/connection.py`. No other module imports uvicorn."""

import asyncio
import os
import signal
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from app.connection import Connection

_GRACEFUL_TIMEOUT = 10  # seconds that running requests get after SIGTERM
_DRAIN_SECONDS = 0.2  # seconds after SIGTERM to read requests that were sent before it
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """uvicorn's server, which also handles a signal during its start, and requests still in the kernel at SIGTERM."""

    stop_requested = False

    async def main_loop(self) -> None:
        self.should_exit = self.should_exit or self.stop_requested
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(_DRAIN_SECONDS)
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; port 0 picks a free port.

    Raises OSError if the address is in use, and socket.gaierror if the host does not resolve.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # create_server raises another error
    bound = socket.create_server((host, port), family=family, backlog=1024)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Returns a sentence that says why `listen` failed."""
    # strerror of gaierror only: Python's text of every other error repeats the address.
    reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
    return f"Cannot listen on {host}:{port}: {reason}."


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(make_app: Callable[[], ASGIApp], bound: socket.socket, workers: int = 1, keep_alive_seconds: int = 75) -> int:
    """Serves until SIGTERM or SIGINT. Returns the exit status. Each worker process creates its own app."""
    if workers == 1:
        return _serve(make_app, bound, keep_alive_seconds)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)  # until there are children to forward signals to
    children = [_fork(make_app, bound, keep_alive_seconds) for _ in range(workers)]

    def stop(*_: object) -> None:
        for child in children:
            with suppress(ProcessLookupError):  # it has already ended
                os.kill(child, signal.SIGTERM)

    _on_stop_signal(stop)
    # If one child dies, stop the others, so that the supervisor of this process restarts all of them.
    first, status = os.wait()
    children.remove(first)
    stop()
    for child in children:
        os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))


def _fork(make_app: Callable[[], ASGIApp], bound: socket.socket, keep_alive_seconds: int) -> int:
    if child := os.fork():
        return child
    status = 1
    try:
        status = _serve(make_app, bound, keep_alive_seconds)
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def _serve(make_app: Callable[[], ASGIApp], bound: socket.socket, keep_alive_seconds: int) -> int:
    server = _Server(
        uvicorn.Config(
            make_app(),
            http=Connection,
            ws="none",
            loop="asyncio",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_keep_alive=keep_alive_seconds,
            timeout_graceful_shutdown=_GRACEFUL_TIMEOUT,
        )
    )

    def stop(*_: object) -> None:
        server.stop_requested = True  # also after the shutdown, when uvicorn raises the signal again

    _on_stop_signal(stop)
    server.run(sockets=[bound])
    return 0 if server.started else 1


def _on_stop_signal(handle: Callable[..., None]) -> None:
    """Sets the handler, and calls it for a signal that arrived while signals were blocked."""
    for each in _STOP_SIGNALS:
        signal.signal(each, handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
