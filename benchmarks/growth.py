"""Compares the cost of a request with a million accounts and with a thousand.

    .venv/bin/python -m benchmarks.growth [--accounts N] [--database postgres://USER@HOST/NAME]

Two services run side by side, with a thousand and with N accounts. Each account has two sessions, two payments, five
invoices, two events of the feed, two of the audit trail and a share of all other rows that use leaves behind. The
services get the same requests in turn, about random accounts. The benchmark prints the CPU time of a request: that of
`serve`, and that of PostgreSQL's backends if they are on this machine. The figures are medians of seven rounds, and the
ratio is that of consecutive measurements, because other load on the machine affects both. The exit status is 0 if the
larger service needs at most 1.10 times as much.

The worker runs in `serve`, and a request counts until its mail is written, because finished mails could slow down the
search for pending ones. Argon2 uses its cheapest parameters, so that it hides no differences. PostgreSQL's tables are
vacuumed and analyzed, as autovacuum would do; SQLite's are not, since nobody does that.
"""

import argparse
import asyncio
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from argon2 import PasswordHasher

from benchmarks.client import PASSWORD, RFC, SECRET_KEY, Client
from benchmarks.servers import cpu
from models.event_feed import EventFeed
from services.access.client_secrets import generate_secret
from services.access.clients import Scope
from services.access.events import cursor_of
from services.common.clock import utc_now
from services.events.facts import NO_DETAILS, EventType
from services.events.feed import EventView
from tests.databases import database_of_its_own
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving

FEW = 1000
MAX_RATIO = 1.10
ROUNDS = 7
REQUESTS = {  # a round
    "Me": 1000,
    "Payment": 250,
    "SecurityEvents": 250,
    "Account": 250,
    "Events": 250,
    "OpenReservations": 100,
    "ReserveInvoice": 500,
    "Login": 250,
    "CreateAccount": 250,
    "RecoverPassword": 250,
}
_MAILED = {"CreateAccount", "RecoverPassword"}
_MAIL_SECONDS = 120  # to wait for the mails of a round

_ACCOUNT = """
id email_key email rfc password_hash password_generation language created_at confirmed_at updated_at
stage active_since active_until activated_by active_plan
"""
_PAYMENT = """
id account_id method status plan_id subtotal tax currency stamps period_months created_at expires_at paid_at
paypal_refusals paypal_declined stamps_used
"""
_RESERVATION = """
id client_id request_id account_id series_id series_name folio payment_id stamps_left reserved_at open_since
confirmed_at uuid released_at skipped_folio
"""

Rows = Iterator[tuple[Any, ...]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000_000, help="number of accounts of the larger service")
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be created")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        few, many = (_service(stack, arguments.database, accounts) for accounts in (FEW, arguments.accounts))
        print(f"{'CPU time per request':20}{FEW:>14,}{arguments.accounts:>14,}   ratio", flush=True)
        ratios = [_compare(operation, few, many) for operation in REQUESTS]
    return int(max(ratios) > MAX_RATIO)


def _compare(operation: str, few: "_Service", many: "_Service") -> float:
    """Returns the ratio of the costs, with many accounts and with few."""
    for service in (few, many):
        service.measure(operation)  # warms up the caches
    rounds = [(few.measure(operation), many.measure(operation)) for _ in range(ROUNDS)]
    of_few, of_many = median(first for first, _ in rounds), median(second for _, second in rounds)
    ratio = median(second / first for first, second in rounds)
    print(f"{operation:20}{of_few * 1e6:11,.0f} µs{of_many * 1e6:11,.0f} µs{ratio:8.2f}", flush=True)
    return ratio


@dataclass
class _Service:
    client: Client
    pid: int
    mailbox: Path
    database: str
    accounts: int
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    newcomers: Iterator[int] = field(default_factory=itertools.count)
    mails: int = 0

    def measure(self, operation: str) -> float:
        """Returns the seconds of CPU time per request, including its mail."""
        # No account twice: two pending mails of the same kind to an account would be one.
        accounts = self.chance.sample(range(self.accounts), REQUESTS[operation])
        requests = [self._request(operation, account) for account in accounts]
        self.client.close()  # the server may have closed the idle connection
        before = self._used()
        for body, token in requests:
            answer = self.client.send(body, token)
            assert b"Error" not in answer, answer[:300]
            assert b'"errors"' not in answer, answer[:300]
        if operation in _MAILED:
            self._await_mails(len(requests))
        after = self._used()
        return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items()) / len(requests)

    def _request(self, operation: str, account: int) -> tuple[bytes, str | None]:
        """Returns the body of a request, and the token or the client's secret that it needs."""
        match operation:
            case "Me" | "Payment" | "SecurityEvents":
                return self.client.body(operation), _token(account, self.chance.randrange(2))
            case "Account":
                return self.client.body_with(operation, by={"email": _email(account)}), _SECRET
            case "Events":
                return self.client.body_with(operation, after=_cursor(account), first=20), _SECRET
            case "OpenReservations":
                return self.client.body_with(operation, first=20), _SECRET
            case "ReserveInvoice":
                ids = {"accountId": str(_id(f"account {account}")), "seriesId": str(_id(f"series {account}"))}
                return self.client.body_of(operation, **ids, requestId=str(uuid4())), _SECRET
            case "CreateAccount":
                return self.client.body(operation, f"new-{next(self.newcomers)}@example.com"), None
        return self.client.body(operation, _email(account)), None

    def _await_mails(self, more: int) -> None:
        self.mails += more
        for _ in range(_MAIL_SECONDS * 10):
            if len(list(self.mailbox.glob("*.eml"))) >= self.mails:
                return
            time.sleep(0.1)
        raise TimeoutError("mails were not written")

    def _used(self) -> dict[int, float]:
        """Returns the seconds of CPU time of `serve` and the database's backends, by process id."""
        backends = asyncio.run(_backends(self.database)) if self.database.startswith("postgres") else []
        return {pid: cpu(pid) for pid in [self.pid, *backends]}


async def _backends(database: str) -> list[int]:
    connection = await asyncpg.connect(database)
    rows = await connection.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    await connection.close()
    return [row["pid"] for row in rows if _is_postgresql(row["pid"])]


def _is_postgresql(pid: int) -> bool:
    """Whether the process id is a PostgreSQL backend's; not so if the server is on another machine."""
    name = Path(f"/proc/{pid}/comm")
    return name.exists() and name.read_text("utf-8").startswith("postgres")


def _service(stack: ExitStack, server: str | None, accounts: int) -> _Service:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    database = stack.enter_context(database_of_its_own(server, folder))
    if server:
        asyncio.run(_fill_postgresql(database, accounts))
    else:
        _fill_sqlite(folder / "accounts.sqlite3", accounts)
    own = {"DATABASE_URL": database, "SECRET_KEY": SECRET_KEY, **WITHOUT_LIMITS, **CHEAP_ARGON2}
    url, process = stack.enter_context(serving(folder, LOG_LEVEL="WARNING", **own))
    return _Service(Client(url), process.pid, folder / "mail", database, accounts)


async def _fill_postgresql(database: str, accounts: int) -> None:
    connection = await asyncpg.connect(database)
    for table, (columns, rows) in _tables(accounts).items():
        await connection.copy_records_to_table(table, columns=columns.split(), records=rows)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _fill_sqlite(file: Path, accounts: int) -> None:
    sqlite3.register_adapter(UUID, str)  # Tortoise registers one for datetimes
    sqlite3.register_adapter(Decimal, str)
    connection = sqlite3.connect(file)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {pragma}")
    for table, (columns, rows) in _tables(accounts).items():
        names = columns.split()
        places = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows)  # noqa: S608
        connection.commit()
    connection.close()
    with file.open("rb") as written:
        while written.read(1 << 20):
            pass  # so that the system has it in memory, as that of a service that runs for long


def _tables(accounts: int) -> dict[str, tuple[str, Rows]]:
    """Returns the columns and rows of each table; no row has expired."""
    now = utc_now()
    few = accounts // 100
    return {
        "account": (
            _ACCOUNT,
            _account_rows(accounts, now),
        ),
        "payment": (
            _PAYMENT,
            _payment_rows(accounts, now),
        ),
        "series": (
            "id account_id name first_folio last_taken created_at",
            ((_id(f"series {n}"), _id(f"account {n}"), "A", 1, _INVOICES, now) for n in range(accounts)),
        ),
        "invoice_reservation": (
            _RESERVATION,
            _reservation_rows(accounts, now),
        ),
        "event": (
            "id event_id position type account_id occurred_at details",
            _event_rows(accounts, now),
        ),
        "event_feed": ("id last_position deleted_position", iter([(EventFeed.ID, accounts * len(_EVENTS), 0)])),
        "audit_event": (
            "id at kind actor account_id client agent",
            _audit_rows(accounts, now),
        ),
        "api_client": ("id name scopes created_at", iter([(_CLIENT, "stamping", _SCOPES, now)])),
        "api_client_secret": ("digest client_id created_at", iter([(_digest(_SECRET), _CLIENT, now)])),
        "session": (
            "id account_id digest password_change_required created_at last_seen_at ends_at expires_at user_agent",
            _session_rows(accounts, now),
        ),
        "known_network": (
            "key last_seen_at",
            ((_digest(f"network or device {n}"), now - _up_to(n, timedelta(days=89))) for n in range(2 * accounts)),
        ),
        "delivery": (
            "id kind email_key requested_at due_at attempts counted finished_at outcome",
            _delivery_rows(accounts, now),
        ),
        "limit_counter": (
            "key count expires_at",
            ((_digest(f"limit {n}"), 1, now.timestamp() + 3600 + n % 86400) for n in range(accounts // 10)),
        ),
        "failure_streak": (
            "key count touched_at",
            ((f"{_digest(f'streak {n}')}:others", n % 50, now.timestamp() - n % 86400) for n in range(accounts // 10)),
        ),
        "registration": (
            "id email_key email rfc password_hash language created_at",
            (
                (_id(f"registration {n}"), *[f"eva-{n}@example.com"] * 2, RFC, "x", "es", now - _up_to(n, _DAY))
                for n in range(few)
            ),
        ),
        "confirmation_code": (
            "digest registration_id expires_at",
            ((_digest(f"code {n}"), _id(f"registration {n}"), now + _later(n)) for n in range(few)),
        ),
        "mailed_password": (
            "digest account_id expires_at",
            ((_digest(f"mailed {n}"), _id(f"account {n}"), now + _later(n)) for n in range(few)),
        ),
        "spent_captcha": ("id expires_at", ((_digest(f"captcha {n}"), now + _later(n)) for n in range(few))),
    }


_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
_INVOICES = 5  # of each account
_OPEN = 100  # reservations, of all accounts, that are older than a day and not decided
_EVENTS = ("account.activated", "invoice.confirmed")  # of each account
_CLIENT = UUID(int=1)
_SCOPES = " ".join(scope.value for scope in Scope)
_SECRET = generate_secret()


def _account_rows(accounts: int, now: datetime) -> Rows:
    password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    for n in range(accounts):
        created_at = now - _up_to(n, timedelta(days=1000))
        paid = ("active", now - _up_to(n, timedelta(days=300)), now + _YEAR, "paypal", "negocio")
        moments = (created_at, created_at, created_at)  # without the last, the worker would fill it in meanwhile
        yield (_id(f"account {n}"), _email(n), _email(n), RFC, password_hash, 1, "es", *moments, *paid)


def _payment_rows(accounts: int, now: datetime) -> Rows:
    """Yields two of each account, of which one has ended."""
    terms = ("paypal", "paid", "negocio", Decimal("1000.00"), Decimal("160.00"), "MXN", 2_000_000, 12)
    for n, ago in itertools.product(range(accounts), (_YEAR * 2, timedelta())):
        paid_at = now - ago - _up_to(n, timedelta(days=300))
        used = 0 if ago else _INVOICES
        ids = (_id(f"payment {n} {ago.days}"), _id(f"account {n}"))
        yield (*ids, *terms, paid_at, paid_at, paid_at, 0, False, used)


def _reservation_rows(accounts: int, now: datetime) -> Rows:
    """Yields those of each account, the first of which is skipped and the others confirmed, but for a few."""
    for n, folio in itertools.product(range(accounts), range(1, _INVOICES + 1)):
        at = now - _up_to(n + folio, timedelta(days=300))
        ids = (_id(f"reservation {n} {folio}"), _CLIENT, _id(f"request {n} {folio}"), _id(f"account {n}"))
        place = (_id(f"series {n}"), "A", folio, _id(f"payment {n} 0"), 0, at)
        if n < _OPEN and folio == _INVOICES:
            yield (*ids, *place, at, None, None, None, None)
        elif folio == 1:
            yield (*ids, *place, None, None, None, at, folio)
        else:
            yield (*ids, *place, None, at, _id(f"uuid {n} {folio}"), None, None)


def _event_rows(accounts: int, now: datetime) -> Rows:
    """Yields those of each account in the order of the feed."""
    for position, (event, n) in enumerate(itertools.product(_EVENTS, range(accounts)), 1):
        at = now - timedelta(days=29) * (1 - position / (accounts * len(_EVENTS)))
        yield (position, _id(f"event {position}"), position, event, _id(f"account {n}"), at, "{}")


def _audit_rows(accounts: int, now: datetime) -> Rows:
    for n, kind in itertools.product(range(accounts), ("confirmed", "signed_in")):
        at = now - _up_to(n, timedelta(days=28))
        yield (_id(f"audit {n} {kind}"), at, kind, "owner", _id(f"account {n}"), _digest(f"client {n}")[:32], "Firefox")


def _session_rows(accounts: int, now: datetime) -> Rows:
    """Yields sessions last seen in an hour from now, so that no measured `me` updates them."""
    seen, agent = now + timedelta(hours=1), "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    for n, which in itertools.product(range(accounts), range(2)):
        token = _token(n, which)
        created_at = now - _up_to(n, timedelta(days=13))
        ends_at = created_at + timedelta(days=30)
        expires_at = created_at + timedelta(days=14)
        moments = (created_at, seen + _up_to(n + which, timedelta(hours=1)), ends_at, expires_at)
        yield (_id(token), _id(f"account {n}"), _digest(token), False, *moments, agent)


def _delivery_rows(accounts: int, now: datetime) -> Rows:
    for n in range(accounts):
        sent_at = now - _DAY - _up_to(n, timedelta(days=28))
        yield (_id(f"delivery {n}"), "confirmation", _email(n), sent_at, sent_at, 1, True, sent_at, "delivered")


def _cursor(position: int) -> str:
    view = EventView(position, UUID(int=0), EventType.ACCOUNT_ACTIVATED, UUID(int=0), utc_now(), NO_DETAILS)
    return cursor_of(view)


def _email(account: int) -> str:
    return f"ana-{account}@example.com"


def _token(account: int, which: int) -> str:
    return f"token {account}.{which}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _id(text: str) -> UUID:
    return UUID(bytes=sha256(text.encode()).digest()[:16])


def _up_to(number: int, longest: timedelta) -> timedelta:
    """Returns a duration that depends on the number only; the durations are evenly distributed."""
    return longest * (number * 0.618033988749895 % 1)


def _later(number: int) -> timedelta:
    return timedelta(hours=2) + _up_to(number, timedelta(hours=22))


if __name__ == "__main__":
    sys.exit(main())
