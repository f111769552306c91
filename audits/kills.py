"""What the audits that kill processes share: their command line, their database and their verdict."""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.databases import database_of_its_own

Audit = Callable[[Path, str, int, random.Random], Coroutine[Any, Any, list[str]]]
"""Kills as often as it is told, with a folder, a database and random choices. Returns a sentence for each fault."""


def run_audit(audit: Audit, description: str | None, *, kills: int, fault: str) -> int:
    """Returns the exit status: 0 if there is no fault. `fault` says what something was, otherwise."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument("--seed", type=int, default=1, help="seed of the random choices")
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of_its_own(arguments.database, Path(folder)) as url:
        wrong = asyncio.run(audit(Path(folder), url, arguments.kills, random.Random(arguments.seed)))
    for sentence in wrong:
        print(sentence)
    print(f"Something was {fault}." if wrong else f"Nothing was {fault}.")
    return int(bool(wrong))
