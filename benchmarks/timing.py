"""Checks that response times do not reveal who has an account.

    .venv/bin/python -m benchmarks.timing [--samples N] [--smtp-seconds S] [--database postgres://USER@HOST/NAME]
        [--sequence NAME] [--imported SHARE]

For each sequence of operations that a stranger may send, it sends the same number of requests for each kind of e-mail,
in random order. It prints the area under the ROC curve of each kind against unknown e-mails, which is the probability
that a response of that kind takes longer: 0.5 if times reveal nothing. `protected` are accounts with a second factor,
and `null` is a second set of unknown e-mails, which shows the effect of chance. Areas should be within 0.5 ± 0.08; with
fewer samples, the tolerance is larger. A sequence with an area outside is measured again with other e-mails, and the
exit status is 1 if the same area is outside again, on the same side.

With `--imported`, that share of the accounts has hashes of another system: bcrypt of cost 10. It makes a difference
only to `--sequence login`.

The service runs with CONCEAL_ACCOUNTS, its worker in the same process, and without limits. It uses SQLite, or a new
database on the given PostgreSQL server. The mail server takes S seconds (0) for each reply.
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

import bcrypt
from argon2 import PasswordHasher

from app.database import connected, tortoise_configuration
from benchmarks.client import RFC, SECRET_KEY, Client
from models.account import Account
from models.registration import Registration
from models.totp_factor import TotpFactor
from services.common.clock import utc_now
from tests.databases import database_of_its_own
from tests.process.serving import WITHOUT_LIMITS, serving
from tests.smtp_servers import ScriptedServer

_TOLERANCE = 0.08  # with 300 samples
_KINDS = ("known", "protected", "unconfirmed", "null", "unknown")
_INTERVAL = 0.06  # seconds between the starts of two sequences that contain a pause

# The operations of each sequence, with random pauses between them; the last operation is timed.
_PAUSE = (0.05, 0.5)  # seconds
_SEQUENCES: dict[str, tuple[str | tuple[float, float], ...]] = {
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
    parser.add_argument("--samples", type=int, default=300, help="number of e-mails of each kind for each sequence")
    parser.add_argument("--smtp-seconds", type=float, default=0.0, help="delay of each reply of the mail server")
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    parser.add_argument("--sequence", choices=_SEQUENCES, help="run only this sequence")
    parser.add_argument("--imported", type=float, default=0.0, metavar="SHARE", help="of hashes of another system (0)")
    arguments = parser.parse_args()
    tolerance = _TOLERANCE * math.sqrt(300 / arguments.samples)
    print(f"{'':44}{'known':>8}{'protect':>8}{'unconf.':>8}{'null':>8}   median", flush=True)
    revealed = False
    service = _service(arguments.database, arguments.smtp_seconds, arguments.samples, arguments.imported)
    with service as stranger:
        for sequence in [arguments.sequence] if arguments.sequence else _SEQUENCES:
            outside = _outside(stranger, sequence, range(arguments.samples), tolerance)
            if outside:
                outside &= _outside(stranger, sequence, range(arguments.samples, 2 * arguments.samples), tolerance)
            revealed = revealed or bool(outside)
    print(f"{'outside' if revealed else 'within'} 0.5 ± {tolerance:.2f}")
    return int(revealed)


def _outside(stranger: "_Stranger", sequence: str, numbers: range, tolerance: float) -> set[tuple[str, bool]]:
    """Measures the sequence and prints its areas. Returns the kinds outside, and whether they take longer."""
    seconds = stranger.run(sequence, numbers)
    areas = {kind: _area(seconds[kind], seconds["unknown"]) for kind in _KINDS[:-1]}
    cells = "".join(f"{area:8.3f}" for area in areas.values())
    print(f"{sequence:44}{cells}{statistics.median(seconds['unknown']) * 1000:6.1f} ms", flush=True)
    return {(kind, area > 0.5) for kind, area in areas.items() if abs(area - 0.5) > tolerance}


def _area(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Returns the area under the ROC curve: the probability that a positive is larger than a negative."""
    larger = sum((p > n) + (p == n) / 2 for p, n in itertools.product(positives, negatives))
    return larger / (len(positives) * len(negatives))


@dataclass(order=True)
class _Step:
    """The next step of a sequence for one e-mail."""

    due: float
    number: int
    kind: str
    email: str
    rest: tuple[str | tuple[float, float], ...]


class _Stranger:
    def __init__(self, url: str) -> None:
        self._client = Client(url)

    def run(self, sequence: str, numbers: range) -> dict[str, list[float]]:
        """Runs the sequence for these e-mails of each kind. Returns the seconds that the last operations took."""
        steps = _SEQUENCES[sequence]
        emails = [(kind, _email(kind, sequence, n)) for kind in _KINDS for n in numbers]
        random.shuffle(emails)
        interval = _INTERVAL if _PAUSE in steps else 0.0
        begun = time.perf_counter()
        agenda = [_Step(begun + n * interval, n, kind, email, steps) for n, (kind, email) in enumerate(emails)]
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
        body = self._client.body(operation, email)
        begun = time.perf_counter()
        answer = self._client.send(body)
        took = time.perf_counter() - begun
        assert b"Success" in answer or b"InvalidCredentials" in answer, answer[:300]
        return took


def _email(kind: str, sequence: str, number: int) -> str:
    """Returns an e-mail, whose length is the same for every kind."""
    return f"{kind[:4]}{kind[-3:]}-{list(_SEQUENCES).index(sequence)}-{number:05}@example.com"


@contextmanager
def _service(server: str | None, smtp_seconds: float, samples: int, imported: float) -> Iterator[_Stranger]:
    """Runs the real service with known, protected and unconfirmed e-mails for two measurements of each sequence."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database_of_its_own(server, Path(folder)) as url,
        _smtp(smtp_seconds) as port,
    ):
        asyncio.run(_populate(url, samples, imported))
        own = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "SMTP_URL": f"smtp://127.0.0.1:{port}", **WITHOUT_LIMITS}
        with serving(Path(folder), CONCEAL_ACCOUNTS="true", LOG_LEVEL="WARNING", **own) as (served, _):
            yield _Stranger(served)


async def _populate(url: str, samples: int, imported: float) -> None:
    foreign_hash = bcrypt.hashpw(b"otra frase larga", bcrypt.gensalt(10)).decode()
    password_hash = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash("otra frase larga")
    now = utc_now()

    def emails(kind: str) -> list[str]:
        return [_email(kind, sequence, n) for sequence in _SEQUENCES for n in range(2 * samples)]

    person = {"rfc": RFC, "password_hash": password_hash, "language": "es", "created_at": now}
    accounts = [Account(id=uuid4(), email=e, email_key=e, confirmed_at=now, **person) for e in emails("known")]
    protected = [
        Account(id=uuid4(), email=e, email_key=e, confirmed_at=now, second_factor_since=now, **person)
        for e in emails("protected")
    ]
    factors = [
        TotpFactor(id=uuid4(), account_id=each.id, key="", created_at=now, confirmed_at=now) for each in protected
    ]
    waiting = [Registration(id=uuid4(), email=e, email_key=e, **person) for e in emails("unconfirmed")]
    for account in random.sample([*accounts, *protected], round(imported * 2 * len(accounts))):
        account.password_hash = foreign_hash
    async with connected(tortoise_configuration(url)):
        await Account.bulk_create([*accounts, *protected], batch_size=500)
        await TotpFactor.bulk_create(factors, batch_size=500)
        await Registration.bulk_create(waiting, batch_size=500)


@contextmanager
def _smtp(seconds: float) -> Iterator[int]:
    """Runs a mail server in a separate process. Yields its port."""
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=lambda: asyncio.run(_serve_smtp(far, seconds)), daemon=True)
    process.start()
    try:
        yield near.recv()
    finally:
        process.terminate()
        process.join()


async def _serve_smtp(parent: Connection, seconds: float) -> None:
    server = ScriptedServer()
    server.delay = seconds
    await server.start()
    parent.send(server.port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
