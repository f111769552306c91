"""Prints what a login costs the event loop: with hashes that cost nothing, and beside real ones.

    BENCH_DATABASE_URL=postgres://USER@HOST/NAME .venv/bin/python -m benchmarks.logins [--seconds N]

The CPU time is that of the process's first thread, in which the loop runs; hashes are computed in others. It needs wrk
and Linux.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from benchmarks.comparisons import LOGIN, store
from benchmarks.load import CONNECTIONS, measure
from benchmarks.servers import cpu
from benchmarks.services import ours
from tests.databases import database_of_its_own
from tests.process.serving import CHEAP_ARGON2

_WARM_UP_SECONDS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=6)
    seconds = parser.parse_args().seconds
    for hashes, settings in (("cheap", CHEAP_ARGON2), ("real", {})):
        for connections in (CONNECTIONS, 1):
            spent = _loop_seconds(settings, connections, seconds)
            print(f"{hashes} hashes, {connections:2} connections: {spent * 1000:.2f} ms a login")


def _loop_seconds(settings: dict[str, str], connections: int, seconds: int) -> float:
    """Returns the CPU time that the event loop spends on a login."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database_of_its_own(os.environ["BENCH_DATABASE_URL"], Path(folder)) as database,
    ):
        asyncio.run(store(database))
        with ours(database, Path(folder), core=None, WORKER_IN_SERVE="false", **settings).running() as service:
            measure(service.url, service.pid, LOGIN, _WARM_UP_SECONDS, core=None, connections=connections)
            before = cpu(service.pid, service.pid)
            measured = measure(service.url, service.pid, LOGIN, seconds, core=None, connections=connections)
            return (cpu(service.pid, service.pid) - before) / (measured.requests * seconds)


if __name__ == "__main__":
    main()
