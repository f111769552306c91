"""Compares the mail worker with bare aiosmtplib clients: mails a second, and the CPU time of a mail.

    .venv/bin/python -m benchmarks.mail [--database postgres://USER@HOST/NAME] [--port N] [--mails N] [--senders N]
        [--rounds N] [--owed N]

Rounds alternate over the same mail server: first clients of aiosmtplib, each with a connection that it keeps, send N
mails that were written before, and then a worker with as many senders delivers N mails of its outbox. The server is a
process that only answers, or the one at --port on this machine, such as Postfix, if it takes mail for anybody and
throws it away (`default_transport = discard`). Half of the mails confirm registrations, half of them carry a password
for an account. So the worker claims each, counts it, generates its secret, commits its digest, writes the mail and
records that it was sent. The figures are medians; the ratio is that of consecutive rounds, because other load affects
both. The CPU time is that of the process that sends; the database's is not part of it.

With --owed, it prints how long a claim takes instead, with that number of mails due, while another connection holds a
snapshot: for each hundredth of 20,000 mails that are claimed, the time of a mail. The exit status is 1 if the last
fifth takes more than half as much again as the first.

The database commits as in production (synchronous_commit is on), and the log is written to /dev/null.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import asyncpg

from app.database import connected, tortoise_configuration
from app.event_loops import run_on
from app.logs import configure_logs
from models.account import Account
from models.delivery import Delivery
from models.registration import Registration
from services.common.clock import utc_now
from services.common.heartbeat import Turns
from services.common.translations import Language
from services.mail.batches import MAX_BATCH
from services.mail.claims import Claims
from services.mail.letters import MailContent
from services.mail.outbox import MailKind
from tests.databases import database_of_its_own
from tests.smtp_servers import SENDER, make_deliverer

RFC = "H&E951128469"
CLAIMED = 20_000  # with --owed
_POLL_SECONDS = 0.02
_ROUND_SECONDS = 120  # in which a worker must have sent the mails of a round
_MINUTE = timedelta(minutes=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    parser.add_argument("--port", type=int, help="that of a mail server on 127.0.0.1")
    parser.add_argument("--mails", type=int, default=2000, help="mails of a round")
    parser.add_argument("--senders", type=int, default=8, help="connections to the mail server")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--owed", type=int, default=0, help="measure claims while that many mails are due")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of_its_own(arguments.database, Path(folder)) as url:
        if arguments.database:
            asyncio.run(_commit_safely(url))
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
            configure_logs("INFO", as_json=True)
            if arguments.owed:
                return asyncio.run(_time_claims(url, arguments.owed))
            with contextlib.nullcontext(arguments.port) if arguments.port else _mail_server() as port:
                run_on("auto", _compare(url, port, arguments.mails, arguments.senders, arguments.rounds))
    return 0


async def _compare(url: str, port: int, mails: int, senders: int, rounds: int) -> None:
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    async with connected(tortoise_configuration(url)):
        for number in range(rounds + 1):
            await _owe(mails, f"round{number}")
            bare.append(await _measured(_send_bare(port, mails, senders), mails))
            ours.append(await _measured(_deliver(port, senders), mails))
    for name, figures in (("aiosmtplib", bare[1:]), ("worker", ours[1:])):  # without the first round, which warms up
        rates, costs = [rate for rate, _ in figures], [cost for _, cost in figures]
        print(f"{name:12}{median(rates):8,.0f} mails/s{median(costs) * 1e3:8.2f} ms CPU/mail")
    ratios = [rate / bare_rate for (rate, _), (bare_rate, _) in zip(ours[1:], bare[1:], strict=True)]
    print(f"{'ratio':12}{median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


async def _measured(work: Any, mails: int) -> tuple[float, float]:
    """Returns mails a second, and seconds of CPU time for each."""
    start, cpu = time.perf_counter(), time.process_time()
    await work
    return mails / (time.perf_counter() - start), (time.process_time() - cpu) / mails


async def _send_bare(port: int, mails: int, senders: int) -> None:
    message = _message()
    numbers = iter(range(mails))

    async def send() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="example.com")
        async with client:
            for number in numbers:
                await client.sendmail(SENDER, f"ana{number}@example.com", message)

    await asyncio.gather(*(send() for _ in range(senders)))


async def _deliver(port: int, senders: int) -> None:
    stopped = asyncio.Event()
    worker = make_deliverer(port, mail_limit="1000/day", senders=senders, poll_seconds=_POLL_SECONDS)
    running = asyncio.create_task(worker.run(stopped, Turns()))
    async with asyncio.timeout(_ROUND_SECONDS):
        while await Delivery.filter(pending_key__isnull=False).exists():  # noqa: ASYNC110  # the database has no event
            await asyncio.sleep(_POLL_SECONDS)
    stopped.set()
    await running


def _message() -> bytes:
    """Returns a mail as the worker sends it."""
    content = MailContent("ana@example.com", Language.ES, "confirmation", {"user": "ana@example.com", "rfc": RFC})
    return bytes(make_deliverer(0).renderer.render(content, "2" * 40, str(uuid4()), utc_now()))


async def _owe(mails: int, name: str) -> None:
    """Makes that many mails due, each to somebody else."""
    now = utc_now()
    people = [(uuid4(), f"{name}.{number}@example.com") for number in range(mails)]
    common = {"rfc": RFC, "language": "es", "created_at": now, "password_hash": "none"}
    half = mails // 2
    await Registration.bulk_create(
        [Registration(id=key, email=email, email_key=email, **common) for key, email in people[:half]], 500
    )
    await Account.bulk_create(
        [Account(id=key, email=email, email_key=email, confirmed_at=now, **common) for key, email in people[half:]], 500
    )
    await Delivery.bulk_create(
        [
            Delivery(
                id=uuid4(),
                kind=(MailKind.CONFIRMATION if number < half else MailKind.RECOVERY).value,
                email_key=email,
                registration_id=key if number < half else None,
                pending_key=f"mail:{key}",
                requested_at=now,
                due_at=now - _MINUTE + timedelta(milliseconds=number),
                counted=number < half,
            )
            for number, (key, email) in enumerate(people)
        ],
        500,
    )


async def _time_claims(url: str, owed: int) -> int:
    async with connected(tortoise_configuration(url)):
        await _fill(url, owed)
        claims = Claims()
        async with _snapshot(url):
            await claims.claim(1)  # scans from the beginning, as once a minute
            times = []
            for _ in range(CLAIMED // 100):
                start, claimed = time.perf_counter(), 0
                while claimed < 100:
                    claimed += len(await claims.claim(MAX_BATCH))
                times.append((time.perf_counter() - start) / claimed)
    fifth = len(times) // 5
    first, last = median(times[:fifth]), median(times[-fifth:])
    print(
        f"{owed:,} mails owed: a claim takes {first * 1e6:,.0f} µs a mail, after {CLAIMED:,} claims {last * 1e6:,.0f}"
    )
    return int(last > first * 1.5)


async def _fill(url: str, owed: int) -> None:
    now = utc_now()
    columns = ["id", "kind", "email_key", "pending_key", "requested_at", "due_at", "attempts", "counted"]
    rows = (
        (
            uuid4(),
            MailKind.RECOVERY.value,
            f"{n}@example.com",
            f"recovery:{n}",
            now,
            now - _MINUTE * 60 + n * _MS,
            0,
            False,
        )
        for n in range(owed)
    )
    if url.startswith("postgres"):
        connection = await asyncpg.connect(url)
        await connection.copy_records_to_table("delivery", columns=columns, records=rows)
        await connection.execute("VACUUM ANALYZE delivery")
        await connection.close()
        return
    places = ", ".join("?" * len(columns))
    sqlite3.register_adapter(UUID, str)
    file = sqlite3.connect(url.removeprefix("sqlite://"))
    file.executemany(f"INSERT INTO delivery ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608
    file.commit()
    file.close()


_MS = timedelta(microseconds=100)


@contextlib.asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[None]:
    """Holds a snapshot of the database, as a dump does."""
    if not url.startswith("postgres"):
        yield
        return
    connection = await asyncpg.connect(url)
    async with connection.transaction(isolation="repeatable_read"):
        await connection.fetchval("SELECT count(*) FROM heartbeat")
        yield
    await connection.close()


async def _commit_safely(url: str) -> None:
    connection = await asyncpg.connect(url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    await connection.close()


@contextlib.contextmanager
def _mail_server() -> Iterator[int]:
    """Runs a mail server that accepts everything and keeps nothing, and yields its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(parent: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Dialogue, "127.0.0.1", 0)
        parent.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class _Dialogue(asyncio.Protocol):
    """Answers each line, or the end of a mail. It expects commands one by one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._content: bytearray | None = None
        transport.write(b"220 sink.example\r\n")

    def data_received(self, data: bytes) -> None:
        if self._content is not None:
            self._content += data
            if self._content.endswith(b"\r\n.\r\n"):
                self._content = None
                self._transport.write(b"250 2.0.0 kept\r\n")
        elif data.startswith(b"DATA"):
            self._content = bytearray()
            self._transport.write(b"354 go ahead\r\n")
        elif data.startswith(b"QUIT"):
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(b"250 2.0.0 OK\r\n")


if __name__ == "__main__":
    sys.exit(main())
