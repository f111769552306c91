"""Prints the CPU time of `me` without traces, with all of them, and with one in ten, for docs/monitoring.md.

    git worktree add /tmp/before COMMIT
    .venv/bin/python -m benchmarks.traces [--before /tmp/before] [--rounds N]

The services run side by side on SQLite and get the same requests in turn. The time of the thread that exports to a
collector on this machine is part of theirs; that of the collector is not. The figures are medians of the rounds.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE, Popen
from sys import executable

from app.database import connected, sqlite_configuration
from benchmarks.client import SECRET_KEY, Client
from benchmarks.servers import cpu
from services.accounts.sessions import SessionLife, SessionService
from services.audit.actors import Actors
from services.common.caller import Caller
from services.common.pseudonyms import Pseudonyms
from services.common.secrets import Keys
from tests.collector import Collector, collecting
from tests.process.serving import ROOT, clean_environment
from tests.stored_accounts import store_account

_REQUESTS = 200  # in each round
_TRACED = {"TRACING": "true"}
_SAMPLED = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}


class _Service:
    def __init__(self, url: str, pid: int, token: str) -> None:
        self._client, self._pid, self._token = Client(url), pid, token
        self._body = self._client.body("Me")

    def measure(self) -> float:
        """Returns the milliseconds of CPU time per request."""
        before = cpu(self._pid)
        for _ in range(_REQUESTS):
            answer = self._client.send(self._body, self._token)
            assert b'"me":{"id"' in answer, answer[:300]
        return (cpu(self._pid) - before) / _REQUESTS * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, help="the folder of another checkout, which knows nothing of traces")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with ExitStack() as stack, collecting(Collector()) as collector:
        to = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        services = {
            "off": stack.enter_context(_service(ROOT)),
            "all": stack.enter_context(_service(ROOT, **to, **_TRACED)),
            "one in ten": stack.enter_context(_service(ROOT, **to, **_TRACED, **_SAMPLED)),
        }
        if arguments.before:
            services["before"] = stack.enter_context(_service(arguments.before))
        rounds = [{name: service.measure() for name, service in services.items()} for _ in range(arguments.rounds + 1)]
    for name in services:
        took = median(each[name] for each in rounds[1:])
        ratio = median(each[name] / each["off"] for each in rounds[1:])
        print(f"{name:12} {took:.2f} ms, {ratio:.2f} times as much as off", flush=True)
    print(f"{len(collector.spans())} spans, {sum(map(len, collector.bodies)) / len(collector.spans()):.0f} bytes each")


@contextmanager
def _service(checkout: Path, **environment: str) -> Iterator[_Service]:
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATA_DIR": folder, "PORT": "0", "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "WARNING"}
        variables = clean_environment(**own, WORKER_IN_SERVE="false", **environment)
        command = [executable, "-m", "app", "serve"]
        with Popen(command, cwd=checkout, env=variables, stdout=PIPE, stderr=DEVNULL, text=True) as run:
            assert run.stdout
            url = next(line.split()[1] for line in run.stdout if line.startswith("Serving"))
            try:
                yield _Service(url, run.pid, asyncio.run(_token(Path(folder) / "accounts.sqlite3")))
            finally:
                run.terminate()


async def _token(database: Path) -> str:
    """Returns the token of a new account's session."""
    actors = Actors(Pseudonyms(Keys(SECRET_KEY.encode())))
    async with connected(sqlite_configuration(database)):
        account = await store_account("ana@example.com")
        sessions = SessionService(SessionLife(), actors)
        return (await sessions.open(Caller(ip_address("127.0.0.1")), account)).token


if __name__ == "__main__":
    main()
