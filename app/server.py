"""The ASGI server, uvicorn with the connections of `app/connection.py`: no other file but that one names it."""

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
_DRAIN_SECONDS = 0.2  # seconds after SIGTERM in which what was sent before it is read
_END = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """uvicorn's loses a signal that comes while it starts, and drops what still waits in the kernel at SIGTERM."""

    stop_requested = False

    async def main_loop(self) -> None:
        self.should_exit = self.should_exit or self.stop_requested
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(_DRAIN_SECONDS)
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A bound and listening socket; port 0 picks a free one.

    Raises OSError where the address is taken, and socket.gaierror where the host is none.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # create_server raises another error
    bound = socket.create_server((host, port), family=family, backlog=1024)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(make_app: Callable[[], ASGIApp], bound: socket.socket, workers: int = 1, keep_alive_seconds: int = 75) -> int:
    """Serves until SIGTERM or SIGINT, and returns the exit status. Each worker process makes its own app."""
    if workers == 1:
        return _serve(make_app, bound, keep_alive_seconds)
    signal.pthread_sigmask(signal.SIG_BLOCK, _END)  # until there is somebody to pass it on to
    children = [_fork(make_app, bound, keep_alive_seconds) for _ in range(workers)]

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

    def tell(*_: object) -> None:
        server.stop_requested = True  # or late: once it has shut down, uvicorn raises the signal again

    _on_end(tell)
    server.run(sockets=[bound])
    return 0 if server.started else 1


def _on_end(handle: Callable[..., None]) -> None:
    """Also for a signal that came while they were blocked."""
    for each in _END:
        signal.signal(each, handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)
