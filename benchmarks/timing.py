"""Whether the time of an answer tells who has an account.

    .venv/bin/python -m benchmarks.timing [--samples N] [--smtp-seconds S] [--database postgres://USER@HOST/NAME]

For every question that a stranger may ask, equally many requests for each kind of e-mail are sent in random order, and
the area under the ROC curve of each kind against unknown e-mails is printed: the chance that an answer of that kind
took longer. It is 0.5 where time tells nothing. `null` is a second lot of unknown e-mails: what chance alone does. The
exit status says whether all are within 0.5 ± 0.08, or as much more as fewer samples need.

The service runs with CONCEAL_ACCOUNTS, the worker beside it, and limits out of the way. SQLite is used unless a
PostgreSQL server is given, in a database of its own there. The mail server takes S seconds (0) for each reply.
"""

import argparse
import asyncio
import heapq
import itertools
import math
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from argon2 import PasswordHasher

from app.database import connected, tortoise_configuration
from benchmarks.asking import RFC, SECRET_KEY, Asker
from models.account import Account
from models.registration import Registration
from services.common.clock import utc_now
from tests.databases import database_of_its_own
from tests.process.serving import WITHOUT_LIMITS, serving
from tests.smtp_servers import ScriptedServer

_TOLERANCE = 0.08  # with 300 samples
_KINDS = ("known", "unconfirmed", "null", "unknown")
_EACH = 0.06  # seconds between two beginnings of a question with a pause in it

# What is asked one after another, and how long (seconds, drawn) is waited in between; the last is timed.
_PAUSE = (0.05, 0.5)
_QUESTIONS: dict[str, tuple[str | tuple[float, float], ...]] = {
    "login": ("Login",),
    "recoverPassword": ("RecoverPassword",),
    "resendConfirmationCode": ("ResendConfirmationCode",),
    "createAccount": ("CreateAccount",),
    "createAccount, login": ("CreateAccount", "Login"),
    "recoverPassword, …, login": ("RecoverPassword", _PAUSE, "Login"),
    "recoverPassword, …, resendConfirmationCode": ("RecoverPassword", _PAUSE, "ResendConfirmationCode"),
    "createAccount, …, recoverPassword": ("CreateAccount", _PAUSE, "RecoverPassword"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=300, help="of each kind for each question")
    parser.add_argument("--smtp-seconds", type=float, default=0.0, help="for each reply of the mail server")
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    arguments = parser.parse_args()
    tolerance = _TOLERANCE * math.sqrt(300 / arguments.samples)
    print(f"{'':44}{'known':>8}{'unconf.':>8}{'null':>8}   median", flush=True)
    told = False
    with _service(arguments.database, arguments.smtp_seconds, arguments.samples) as stranger:
        for question in _QUESTIONS:
            seconds = stranger.ask(question, arguments.samples)
            areas = [_area(seconds[kind], seconds["unknown"]) for kind in _KINDS[:-1]]
            told = told or any(abs(area - 0.5) > tolerance for area in areas)
            cells = "".join(f"{area:8.3f}" for area in areas)
            print(f"{question:44}{cells}{statistics.median(seconds['unknown']) * 1000:6.1f} ms", flush=True)
    print(f"{'above' if told else 'within'} 0.5 ± {tolerance:.2f}")
    return int(told)


def _area(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Under the ROC curve: the chance that one of the positives is larger than one of the negatives."""
    larger = sum((p > n) + (p == n) / 2 for p, n in itertools.product(positives, negatives))
    return larger / (len(positives) * len(negatives))


@dataclass(order=True)
class _Step:
    """What is due next for one e-mail."""

    due: float
    number: int
    kind: str
    email: str
    rest: tuple[str | tuple[float, float], ...]


class _Stranger:
    def __init__(self, url: str) -> None:
        self._asker = Asker(url)

    def ask(self, question: str, samples: int) -> dict[str, list[float]]:
        """How long the last operation took, for each e-mail of each kind."""
        steps = _QUESTIONS[question]
        emails = [(kind, _email(kind, question, n)) for kind in _KINDS for n in range(samples)]
        random.shuffle(emails)
        every = _EACH if _PAUSE in steps else 0.0
        begun = time.perf_counter()
        agenda = [_Step(begun + n * every, n, kind, email, steps) for n, (kind, email) in enumerate(emails)]
        seconds: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        while agenda:
            step = heapq.heappop(agenda)
            operation, *rest = step.rest
            if not isinstance(operation, str):
                due = time.perf_counter() + random.uniform(*operation)
                heapq.heappush(agenda, _Step(due, step.number, step.kind, step.email, tuple(rest)))
                continue
            time.sleep(max(0.0, step.due - time.perf_counter()))
            took = self._seconds(operation, step.email)
            if rest:
                heapq.heappush(agenda, _Step(step.due, step.number, step.kind, step.email, tuple(rest)))
            else:
                seconds[step.kind].append(took)
        return seconds

    def _seconds(self, operation: str, email: str) -> float:
        body = self._asker.body(operation, email)
        begun = time.perf_counter()
        answer = self._asker.send(body)
        took = time.perf_counter() - begun
        assert b"Success" in answer or b"InvalidCredentials" in answer, answer[:300]
        return took


def _email(kind: str, question: str, number: int) -> str:
    """Of one length for every kind."""
    return f"{kind[:4]}{kind[-3:]}-{list(_QUESTIONS).index(question)}-{number:05}@example.com"


@contextmanager
def _service(server: str | None, smtp_seconds: float, samples: int) -> Iterator[_Stranger]:
    """The real one, with `samples` known and unconfirmed e-mails for each question."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database_of_its_own(server, Path(folder)) as url,
        _smtp(smtp_seconds) as port,
    ):
        asyncio.run(_populate(url, samples))
        own = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "SMTP_URL": f"smtp://127.0.0.1:{port}", **WITHOUT_LIMITS}
        with serving(Path(folder), CONCEAL_ACCOUNTS="true", LOG_LEVEL="WARNING", **own) as (served, _):
            yield _Stranger(served)


async def _populate(url: str, samples: int) -> None:
    password_hash = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash("otra frase larga")
    now = utc_now()

    def emails(kind: str) -> list[str]:
        return [_email(kind, question, n) for question in _QUESTIONS for n in range(samples)]

    person = {"rfc": RFC, "password_hash": password_hash, "language": "es", "created_at": now}
    accounts = [Account(id=uuid4(), email=e, email_key=e, confirmed_at=now, **person) for e in emails("known")]
    waiting = [Registration(id=uuid4(), email=e, email_key=e, **person) for e in emails("unconfirmed")]
    async with connected(tortoise_configuration(url)):
        await Account.bulk_create(accounts, batch_size=500)
        await Registration.bulk_create(waiting, batch_size=500)


@contextmanager
def _smtp(seconds: float) -> Iterator[int]:
    """The port of a mail server, in a process of its own."""
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=lambda: asyncio.run(_serve_smtp(far, seconds)), daemon=True)
    process.start()
    try:
        yield near.recv()
    finally:
        process.terminate()
        process.join()


async def _serve_smtp(told: Connection, seconds: float) -> None:
    server = ScriptedServer()
    server.delay = seconds
    await server.start()
    told.send(server.port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
