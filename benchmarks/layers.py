"""Prints where the CPU time of `me` goes, by layer: the share of py-spy's samples.

    .venv/bin/python -m pip install py-spy
    BENCH_DATABASE_URL=postgres://USER@HOST/NAME .venv/bin/python -m benchmarks.layers [--sqlite]

A sample belongs to the innermost layer in its stack. What runs in C belongs to the Python that called it. Threads other
than the loop's are SQLite's.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.comparisons import ME, store
from benchmarks.load import measure
from benchmarks.services import LOAD_CORE, ours
from tests.databases import database_of_its_own

_LAYERS = {
    "database: driver, engine, SQL": r"asyncpg/|sqlite|models/|tortoise/|threading\.py|queue\.py|concurrent/",
    "log and observers": r"app/(logs|observer|observation|metrics\w*|shapes|tracing)\b",
    "GraphQL: known document, execution": (
        r"graphql/|strawberry/|app/(field_executor|execution|documents|document_ids|trusted_documents|measurement"
        r"|cost|operations|deadlines?|errors)\b|schema/|resolvers/"
    ),
    "services: session, principal": r"services/",
    "HTTP: our middleware, request, answer": r"app/",
    "server and loop: uvicorn, uvloop": r"uvicorn/|asyncio/|uvloop|httptools|starlette/",
}
_APP_CONNECTION = re.compile(r"app/(connection|server)\b")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--seconds", type=int, default=15)
    arguments = parser.parse_args()
    server = None if arguments.sqlite else os.environ["BENCH_DATABASE_URL"]
    with tempfile.TemporaryDirectory() as name, database_of_its_own(server, Path(name)) as database:
        folder = Path(name)
        asyncio.run(store(database))
        with ours(database, folder).running() as service, ThreadPoolExecutor(1) as other:
            measure(service.url, service.pid, ME, 2, core=LOAD_CORE)
            other.submit(measure, service.url, service.pid, ME, arguments.seconds + 3, core=LOAD_CORE)
            spy = [str(Path(sys.executable).with_name("py-spy")), "record", "-p", str(service.pid), "-r", "400"]
            file = folder / "stacks"
            command = [*spy, "-d", str(arguments.seconds), "-f", "raw", "-o", str(file)]
            subprocess.run(command, check=True, capture_output=True)
        counts = Counter[str]()
        for layer, count in _samples(file.read_text("utf-8")):
            counts[layer] += count
    for layer, count in counts.most_common():
        print(f"| {layer} | {count / counts.total():.0%} |")


def _samples(stacks: str) -> Iterator[tuple[str, int]]:
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        yield _layer(frames.split(";")), int(count)


def _layer(frames: list[str]) -> str:
    """Returns the innermost frame's layer that is known."""
    for frame in reversed(frames):
        if _APP_CONNECTION.search(frame):
            return list(_LAYERS)[-1]
        for layer, pattern in _LAYERS.items():
            if re.search(rf"\((?:.*/)?(?:{pattern})", frame):
                return layer
    return "other"


if __name__ == "__main__":
    main()
