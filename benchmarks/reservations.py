"""Measures reservations a second, beside the two UPDATEs that any count of folios and stamps needs.

    .venv/bin/python -m benchmarks.reservations [--seconds N] [--rounds N] [--database postgres://USER@HOST/NAME]

Sixteen tasks of one process reserve without pause, past GraphQL and the limits: all of one series, or each of accounts
of its own. The bare UPDATEs are one transaction of the same engine: a folio of the series, and a stamp of the payment.
Rounds alternate between the rows. It prints the medians, and the share of each in the bare UPDATEs before it. It uses
a new database on the server, whose disk it waits for as in production, or SQLite.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import asyncpg
from tortoise.transactions import in_transaction

from app.database import connected, tortoise_configuration
from models.payment import Payment
from models.sql import fetch
from services.common.clock import utc_now
from services.invoices import reservations
from services.invoices.outcomes import InvoiceReserved
from tests.databases import database_of_its_own
from tests.invoices import CLIENT, active_account, series_of

_TASKS = 16
_ACCOUNTS = 200
TITLES = (
    "one series: the two UPDATEs",
    "one series: reservations",
    f"{_ACCOUNTS} accounts: the two UPDATEs",
    f"{_ACCOUNTS} accounts: reservations",
)
_STAMPS = 2_000_000_000
_FOLIO = "UPDATE series SET last_taken = last_taken + 1 WHERE id = $1"
_STAMP = "UPDATE payment SET stamps_used = stamps_used + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class _Place:
    account_id: UUID
    series_id: UUID
    payment_id: UUID


_Work = Callable[[_Place], Awaitable[None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of_its_own(arguments.database, Path(folder)) as url:
        asyncio.run(_run(url, arguments.rounds, arguments.seconds))


async def _run(url: str, rounds: int, seconds: float) -> None:
    engine = "PostgreSQL" if url.startswith("postgres") else "SQLite"
    if engine == "PostgreSQL":
        await _wait_for_the_disk(url)
    async with connected(tortoise_configuration(url)):
        places = [await _place() for _ in range(_ACCOUNTS)]
        measured: list[tuple[_Work, Sequence[_Place]]] = [
            (work, where) for where in (places[:1], places) for work in (_update, _reserve)
        ]
        counted: dict[str, list[float]] = {title: [] for title in TITLES}
        for _ in range(rounds):
            for title, (work, where) in zip(TITLES, measured, strict=True):
                counted[title].append(await _per_second(work, where, seconds))
    print(f"| {engine} | a second | share |\n| --- | ---: | ---: |")
    bare = 0.0
    for title, rates in counted.items():
        bare = median(rates) if title.endswith("UPDATEs") else bare
        print(f"| {title} | {median(rates):,.0f} | {median(rates) / bare:.2f} |")


async def _place() -> _Place:
    account = await active_account(stamps=_STAMPS)
    payment = await Payment.get(account_id=account.id)
    return _Place(account.id, await series_of(account), payment.id)


async def _per_second(work: _Work, places: Sequence[_Place], seconds: float) -> float:
    done, begun = 0, time.perf_counter()

    async def keep_working(number: int) -> None:
        nonlocal done
        turn = number
        while time.perf_counter() < begun + seconds:
            await work(places[turn % len(places)])
            turn += _TASKS
            done += 1

    await asyncio.gather(*(keep_working(number) for number in range(_TASKS)))
    return done / (time.perf_counter() - begun)


async def _update(place: _Place) -> None:
    async with in_transaction():
        await fetch(_FOLIO, str(place.series_id))
        await fetch(_STAMP, str(place.payment_id))


async def _reserve(place: _Place) -> None:
    outcome = await reservations.reserve(CLIENT, place.account_id, place.series_id, uuid4(), utc_now)
    assert isinstance(outcome, InvoiceReserved), outcome


async def _wait_for_the_disk(url: str) -> None:
    connection = await asyncpg.connect(url)
    name = url.rpartition("/")[2]
    await connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
    await connection.close()


if __name__ == "__main__":
    main()
