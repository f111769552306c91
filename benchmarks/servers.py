"""Prints the CPU time of a request with different ASGI servers, for decision 0001.

    .venv/bin/python -m pip install --target /tmp/others hypercorn uvloop
    PYTHONPATH=/tmp/others .venv/bin/python -m benchmarks.servers

Servers that are not installed are left out. The figures are CPU time, since the client runs on the same machine.
"""

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from app.asgi import create_app
from app.logs import configure_logs
from app.server import listen
from app.server import run as run_ours
from app.settings import Settings
from models.migrator import upgrade

CONNECTIONS = 10
REQUESTS = 400  # on each
_BODY = b'{"query": "{ me { email } }"}'
_REQUEST = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer x\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


def _ours(make_app: Callable[[], ASGIApp], port: int) -> None:
    run_ours(make_app, listen("127.0.0.1", port), 1)


def _uvicorn(http: str, loop: str) -> Callable[[Callable[[], ASGIApp], int], None]:
    def run(make_app: Callable[[], ASGIApp], port: int) -> None:
        import uvicorn

        uvicorn.run(make_app(), port=port, http=http, loop=loop, log_level="warning", access_log=False)

    return run


def _hypercorn(make_app: Callable[[], ASGIApp], port: int) -> None:
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"127.0.0.1:{port}"]
    asyncio.run(hypercorn.serve(make_app(), config))


SERVERS: dict[str, tuple[str, Callable[[Callable[[], ASGIApp], int], None]]] = {
    "ours": ("uvicorn", _ours),
    "hypercorn": ("hypercorn", _hypercorn),
    "uvicorn h11": ("h11", _uvicorn("h11", "asyncio")),
    "uvicorn httptools": ("httptools", _uvicorn("httptools", "asyncio")),
    "uvicorn httptools uvloop": ("uvloop", _uvicorn("httptools", "uvloop")),
}


def main() -> None:
    if len(sys.argv) > 1:
        _serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
        return
    for _ in range(2):
        for name, (package, _run) in SERVERS.items():
            if importlib.util.find_spec(package):
                print(f"{name:26} {_measure(name) * 1e6:6.0f} µs of CPU per request", flush=True)


def _serve(name: str, port: int, folder: Path) -> None:
    settings = Settings(_env_file=None, data_dir=folder, worker_in_serve=False)
    configure_logs("WARNING", as_json=True)
    asyncio.run(upgrade(settings.database))
    SERVERS[name][1](lambda: create_app(settings), port)


def _measure(name: str) -> float:
    """Returns the seconds of CPU time per request."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.servers", name, str(port), folder])
        try:
            _wait_for(port)
            asyncio.run(_load(port, REQUESTS // 10))
            before = cpu(process.pid)
            asyncio.run(_load(port, REQUESTS))
            return (cpu(process.pid) - before) / (CONNECTIONS * REQUESTS)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


async def _load(port: int, requests: int) -> None:
    await asyncio.gather(*(_client(port, requests) for _ in range(CONNECTIONS)))


async def _client(port: int, requests: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        writer.write(_REQUEST)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    writer.close()


def cpu(pid: int, thread: int | None = None) -> float:
    """Returns the seconds of CPU time that a thread of a process or, without one, all of its threads have used."""
    place = f"/proc/{pid}/task/{thread}" if thread else f"/proc/{pid}"
    fields = Path(f"{place}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    main()
