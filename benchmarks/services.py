"""Starts what is compared: the service in production, the limit, and peers with their production settings."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg

from benchmarks.load import pinned
from services.accounts.sessions import SELECT_SESSION
from tests.api import PRODUCTION
from tests.process.serving import ROOT, WITHOUT_LIMITS, clean_environment

TOKEN = "a-token-of-forty-three-characters-012345678"
SERVICE_CORE, LOAD_CORE = 0, 1
PEERS = ROOT / "benchmarks/peers"


@dataclass(frozen=True, slots=True)
class Service:
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Program:
    """A command that serves at PORT, and its environment; with `core`, all of its threads stay there."""

    command: Sequence[str]
    environment: Mapping[str, str]
    core: int | None = SERVICE_CORE

    @contextmanager
    def running(self) -> Iterator[Service]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environment = {"PATH": os.environ["PATH"], **self.environment, "PORT": str(port)}
        command = [*pinned(self.core), *self.command]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, process)
                yield Service(f"http://127.0.0.1:{port}", process.pid)
            finally:
                process.terminate()


def limit(database: str, loop: str, core: int | None = SERVICE_CORE) -> Program:
    command = ["sh", "-c", f'exec {sys.executable} -m benchmarks.peers.limit "$DATABASE_URL" "$PORT" {loop}']
    return Program(command, {"DATABASE_URL": database, "STATEMENT": SELECT_SESSION}, core)


def ours(database: str, folder: Path, core: int | None = SERVICE_CORE, **settings: str) -> Program:
    """The service with production's packages. Its log goes to a file.

    Without limits, which would refuse the load; they are counted nonetheless.
    """
    production = {variable.upper(): value for variable, value in PRODUCTION.items()}
    own = {"DATABASE_URL": database, "DATA_DIR": str(folder), "DRAIN_SECONDS": "0", **settings}
    command = ["sh", "-c", f"exec {_production_python()} -m app serve 2>>{folder}/serve.log"]
    return Program(command, clean_environment(**{**production, **WITHOUT_LIMITS, **own}), core)


@cache
def _production_python() -> str:
    """Returns the Python of an environment with the image's packages, which it sets up first unless it is there."""
    environment = "benchmarks/.venv"
    command = ["/bin/sh", "scripts/setup_environment.sh", environment, "requirements-run.lock"]
    subprocess.run(command, cwd=ROOT, check=True)
    return f"{environment}/bin/python"


def yoga(database: str) -> Program:
    environment = {"DATABASE_URL": database, "STATEMENT": SELECT_SESSION, "NODE_ENV": "production"}
    return Program(["node", str(PEERS / "node/yoga.js")], environment)


def better_auth(empty_database: str) -> Program:
    environment = {"DATABASE_URL": empty_database, "TOKEN": TOKEN, "NODE_ENV": "production"}
    return Program(["node", str(PEERS / "node/better_auth.js")], environment)


def fastapi_users(empty_database: str) -> Program:
    python = str(PEERS / "python/.venv/bin/python")
    return Program([python, str(PEERS / "python/me.py")], {"DATABASE_URL": empty_database, "TOKEN": TOKEN})


def move_backends(*databases: str) -> None:
    """Gives PostgreSQL's backends the load's core, if they run on this machine and the benchmark may move them."""
    for database in databases:
        for pid in asyncio.run(_backends(database)):
            with suppress(OSError):
                os.sched_setaffinity(pid, {LOAD_CORE})


async def _backends(database: str) -> list[int]:
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    finally:
        await connection.close()
    return [row["pid"] for row in rows]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{process.args!r} ended with status {process.returncode}") from None
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")
