"""The ASGI server, hypercorn: the only file that names it.

It closes silent, stalled and idle connections by itself (read_timeout, keep_alive_timeout), which uvicorn and granian
leave to a proxy in front; see docs/decisions/0001-asgi-server.md.
"""

import asyncio
import os
import signal
import socket
import traceback
from collections.abc import Callable

import hypercorn.asyncio
from hypercorn.config import Config
from starlette.types import ASGIApp

_READ_TIMEOUT = 10  # seconds without a byte of a request that has begun, or has not
_KEEP_ALIVE_TIMEOUT = 10  # seconds that a connection may idle between requests
_GRACEFUL_TIMEOUT = 10  # seconds that running requests get after SIGTERM


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
    config = Config()
    config.bind = [f"fd://{bound.detach()}"]  # hypercorn owns and closes it from here
    config.alpn_protocols = ["http/1.1"]
    config.read_timeout = _READ_TIMEOUT
    config.keep_alive_timeout = _KEEP_ALIVE_TIMEOUT
    config.graceful_timeout = _GRACEFUL_TIMEOUT
    config.include_server_header = False
    config.loglevel = "WARNING"
    asyncio.run(hypercorn.asyncio.serve(make_app(), config))  # type: ignore[arg-type]  # Starlette's is the same type
    return 0
