"""Compares the CPU time of a login in this checkout and in another one, for what a change costs.

    git worktree add /tmp/before COMMIT
    .venv/bin/python -m benchmarks.checkouts /tmp/before [--rounds N]

Both services run side by side on SQLite with the cheapest Argon2, and get the same requests in turn: right and wrong
passwords. The figures are medians of the rounds, and the difference is that of consecutive measurements.
"""

import argparse
import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE, Popen
from sys import executable

from argon2 import PasswordHasher

from app.database import connected, sqlite_configuration
from benchmarks.client import PASSWORD, SECRET_KEY, Client
from benchmarks.servers import cpu
from tests.process.serving import CHEAP_ARGON2, ROOT, WITHOUT_LIMITS, clean_environment
from tests.stored_accounts import store_account

_REQUESTS = 100  # in each round
_KINDS = {"right password": "ana@example.com", "wrong password": "eva@example.com"}


@dataclass(frozen=True, slots=True)
class _Service:
    client: Client
    pid: int

    def measure(self, email: str) -> float:
        """Returns the milliseconds of CPU time per login."""
        body, before = self.client.body("Login", email), cpu(self.pid)
        for _ in range(_REQUESTS):
            answer = self.client.send(body)
            assert b"LoginSuccess" in answer or b"InvalidCredentials" in answer, answer[:300]
        return (cpu(self.pid) - before) / _REQUESTS * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("other", type=Path, help="the folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        other, ours = (stack.enter_context(_service(folder)) for folder in (arguments.other, ROOT))
        for kind, email in _KINDS.items():
            rounds = [(other.measure(email), ours.measure(email)) for _ in range(arguments.rounds)][1:]
            before, after = (median(each) for each in zip(*rounds, strict=True))
            more = median(second - first for first, second in rounds)
            print(f"{kind}: {before:.2f} ms, {after:.2f} ms; difference {more:+.2f} ms", flush=True)


@contextmanager
def _service(checkout: Path) -> Iterator[_Service]:
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATA_DIR": folder, "PORT": "0", "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "WARNING", **WITHOUT_LIMITS}
        own |= {"WORKER_IN_SERVE": "false", **CHEAP_ARGON2}
        command = [executable, "-m", "app", "serve"]
        with Popen(command, cwd=checkout, env=clean_environment(**own), stdout=PIPE, stderr=DEVNULL, text=True) as run:
            assert run.stdout
            url = next(line.split()[1] for line in run.stdout if line.startswith("Serving"))
            _store(Path(folder) / "accounts.sqlite3")
            yield _Service(Client(url), run.pid)
            run.terminate()


def _store(database: Path) -> None:
    """Stores the account whose password is right. Wrong ones never lock the other e-mail."""

    async def store() -> None:
        async with connected(sqlite_configuration(database)):
            password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
            await store_account(_KINDS["right password"], password_hash=password_hash)

    asyncio.run(store())
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TRIGGER unlocked AFTER UPDATE ON failure_streak WHEN NEW.count > 40 "
            "BEGIN UPDATE failure_streak SET count = 1 WHERE key = NEW.key; END"
        )


if __name__ == "__main__":
    main()
