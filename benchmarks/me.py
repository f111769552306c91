"""Compares `me` with the limit, side by side in one run.

    .venv/bin/python -m benchmarks.me [--database postgres://USER@HOST/NAME] [--rounds N] [--seconds N]

The service runs on the first core, and wrk (Debian's package) on the second, with 16 connections that send the same
request; PostgreSQL's backends have the second core, too, if the benchmark may move them. The rounds alternate between
the services. It prints medians and their spread: requests a second, as a share of the limit's in the same round, the
99th percentile of the response time, and the CPU time of the service per request, which other load changes least.
"""

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import asyncpg

from app.database import connected, tortoise_configuration
from benchmarks.servers import cpu
from models.session import Session
from services.accounts.sessions import SELECT_SESSION
from services.common.clock import utc_now
from services.common.secrets import digest
from tests.api import PRODUCTION
from tests.databases import database_of_its_own
from tests.process.serving import ROOT, WITHOUT_LIMITS, clean_environment
from tests.stored_accounts import store_account

CONNECTIONS = 16
TOKEN = "a-token-of-forty-three-characters-0123456789"
QUERY = "query Me { me { id email rfc confirmedAt } }"
SERVICE_CORE, LOAD_CORE = 0, 1
_WARM_UP_SECONDS = 2
_SCRIPT = """
wrk.method = "POST"
wrk.body = '{"query": "%s"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
function response(status, headers, body)
  if status ~= 200 or not string.find(body, "ana@example.com", 1, true) then wrong = (wrong or 0) + 1 end
end
"""


@dataclass(frozen=True, slots=True)
class Round:
    """Requests a second, the 99th percentile in milliseconds, and microseconds of CPU time per request."""

    requests: float
    p99: float
    cpu: float


@dataclass(slots=True)
class Service:
    name: str
    url: str
    pid: int
    rounds: list[Round] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created; else SQLite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--only", nargs="*", help="names of services")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(database_of_its_own(arguments.database, folder))
        asyncio.run(_store(database))
        script = folder / "me.lua"
        script.write_text(_SCRIPT % (QUERY, TOKEN))
        services: list[Service] = [
            stack.enter_context(start(name, database, folder))
            for name, start in SERVICES.items()
            if not arguments.only or name in arguments.only
        ]
        for service in services:
            measure(service, script, _WARM_UP_SECONDS)
        _move_backends(database)
        for _ in range(arguments.rounds):
            for service in services:
                service.rounds.append(measure(service, script, arguments.seconds))
        _print(services)


def measure(service: Service, script: Path, seconds: int) -> Round:
    before = cpu(service.pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), service.url]
    out = subprocess.run(
        ["/usr/bin/taskset", "-c", str(LOAD_CORE), *command], capture_output=True, text=True, check=True
    ).stdout
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", out):
        raise SystemExit(f"{service.name}: {refused[0]}")
    count = int(re.search(r"(\d+) requests in", out)[1])  # type: ignore[index]
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()  # type: ignore[union-attr]
    p99 = float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    return Round(rate, p99, (cpu(service.pid) - before) / count * 1e6)


def _print(services: Sequence[Service]) -> None:
    limit = services[0]
    print(f"{'':28}{'requests/s':>12}{'share':>8}{'spread':>14}{'p99 ms':>9}{'CPU µs':>9}")
    for service in services:
        shares = [ours.requests / bare.requests for ours, bare in zip(service.rounds, limit.rounds, strict=True)]
        rate, p99, cost = (
            median(getattr(each, name) for each in service.rounds) for name in ("requests", "p99", "cpu")
        )
        spread = f"{min(shares):.2f}–{max(shares):.2f}"
        print(f"{service.name:28}{rate:12,.0f}{median(shares):8.2f}{spread:>14}{p99:9.1f}{cost:9.0f}", flush=True)


Start = Callable[[str, str, Path], AbstractContextManager[Service]]


@contextmanager
def _started(
    name: str, command: Sequence[str], environment: Mapping[str, str], port: int, path: str
) -> Iterator[Service]:
    with subprocess.Popen(
        ["/usr/bin/taskset", "-c", str(SERVICE_CORE), *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            yield Service(name, f"http://127.0.0.1:{port}{path}", process.pid)
        finally:
            process.terminate()


def _limit(loop: str) -> Start:
    def start(name: str, database: str, _: Path) -> AbstractContextManager[Service]:
        port = _free_port()
        command = [sys.executable, "-m", "benchmarks.peers.limit", database, str(port), loop]
        environment = {"PATH": os.environ["PATH"], "STATEMENT": SELECT_SESSION}
        return _started(name, command, environment, port, "/")

    return start


def _ours(loop: str) -> Start:
    def start(name: str, database: str, folder: Path) -> AbstractContextManager[Service]:
        port = _free_port()
        environment = {variable.upper(): value for variable, value in PRODUCTION.items()}
        own = {"DATABASE_URL": database, "PORT": str(port), "DATA_DIR": str(folder), "WORKERS": "1"}
        environment = {**environment, **WITHOUT_LIMITS, **own}
        command = ["sh", "-c", f"exec {sys.executable} -m app serve 2>{folder}/serve.log"]
        return _started(name, command, clean_environment(**environment), port, "/graphql")

    return start


SERVICES = {
    "limit": _limit("asyncio"),
    "limit, uvloop": _limit("uvloop"),
    "ours": _ours("auto"),
}


async def _store(database: str) -> None:
    async with connected(tortoise_configuration(database)):
        account = await store_account()
        now = utc_now()
        later = now.replace(year=now.year + 1)
        await Session.create(
            id=account.id,
            account_id=account.id,
            digest=digest(TOKEN),
            created_at=now,
            last_seen_at=now,
            ends_at=later,
            expires_at=later,
        )


def _move_backends(database: str) -> None:
    """Gives PostgreSQL's backends the load's core, if they run on this machine and the benchmark may move them."""
    if not database.startswith("postgres://"):
        return
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


if __name__ == "__main__":
    main()
