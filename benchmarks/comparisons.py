"""What `python -m benchmarks` compares: groups of rows, whose rounds alternate."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from argon2 import PasswordHasher

from app.database import connected, tortoise_configuration
from app.operations import OPERATIONS
from app.settings import Settings
from benchmarks.client import Client
from benchmarks.load import Load, Round, measure, memory
from benchmarks.services import (
    LOAD_CORE,
    TOKEN,
    Program,
    Service,
    better_auth,
    fastapi_users,
    limit,
    move_backends,
    ours,
    yoga,
)
from models.session import Session
from services.common.clock import utc_now
from services.common.secrets import digest
from tests.databases import database_of_its_own, empty_database_on
from tests.forms import EMAIL, PASSWORD, RFC
from tests.process.serving import ROOT, run_command
from tests.stored_accounts import store_account

_WARM_UP_SECONDS = 2
_ACCOUNTS = 64  # that log in
_THREADS = 2
_COSTS = [Settings.model_fields[f"argon2_{name}"].default for name in ("time_cost", "memory_kib", "parallelism")]

ME = Load(EMAIL, token=TOKEN, query="query Me { me { id email rfc confirmedAt } }")
LOGIN = Load(
    "LoginSuccess",
    query=OPERATIONS["Login"],
    variables={"input": {"email": "login-SERIAL@example.com", "password": PASSWORD}},
    accounts=_ACCOUNTS,
)
_FORM = {"rfc": RFC, "email": "new-SERIAL@example.com", "password": PASSWORD, "passwordConfirmation": PASSWORD}
CREATE_ACCOUNT = Load("CreateAccountSuccess", query=OPERATIONS["CreateAccount"], variables={"input": _FORM})


@dataclass(frozen=True, slots=True)
class Figure:
    """What one round of a row measured: its value, and what else is known of the requests."""

    value: float
    p99: float | None = None
    cpu: float | None = None
    memory: float | None = None

    @classmethod
    def of(cls, load: Round, pid: int) -> "Figure":
        return cls(load.requests, load.p99, load.cpu, memory(pid))


Measure = Callable[[int], Figure]  # with the seconds of a round


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of the same unit. `open` starts what they need, and returns what measures each of them."""

    name: str
    unit: str
    open: Callable[[str], AbstractContextManager[Mapping[str, Measure]]]
    rows: tuple[str, ...]

    def titles(self) -> list[str]:
        return [f"{self.name}: {row}" for row in self.rows]

    def run(self, server: str, rounds: int, seconds: int) -> Mapping[str, list[Figure]]:
        """Measures each row in turn, `rounds` times, after a round that does not count."""
        with self.open(server) as rows:
            for measure_row in rows.values():
                measure_row(_WARM_UP_SECONDS)
            figures = [{row: measure_row(seconds) for row, measure_row in rows.items()} for _ in range(rounds)]
        return {row: [each[row] for each in figures] for row in self.rows}


@dataclass(slots=True)
class _Bench:
    """A folder, databases and services that end with the group."""

    server: str | None
    stack: ExitStack
    folder: Path
    databases: list[str] = field(default_factory=list)

    def database(self) -> str:
        """Returns the URL of a database of ours that holds the accounts of the loads."""
        url = self.stack.enter_context(database_of_its_own(self.server, self.folder))
        asyncio.run(store(url))
        self.databases.append(url)
        return url

    def empty_database(self) -> str:
        assert self.server
        self.databases.append(url := self.stack.enter_context(empty_database_on(self.server)))
        return url

    def start(self, program: Program) -> Service:
        return self.stack.enter_context(program.running())


@contextmanager
def _bench(server: str | None) -> Iterator[_Bench]:
    with ExitStack() as stack:
        yield _Bench(server, stack, Path(stack.enter_context(tempfile.TemporaryDirectory())))


@contextmanager
def _me_on_postgresql(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench:
        database, theirs = bench.database(), [bench.empty_database(), bench.empty_database()]
        programs = {
            "the limit": (limit(database, "asyncio"), ME),
            "the limit, uvloop": (limit(database, "uvloop"), ME),
            "this service": (ours(database, bench.folder), ME),
            "graphql-yoga": (yoga(database), ME),
            "better-auth": (better_auth(theirs[0]), Load(EMAIL, "/api/auth/get-session", "GET", TOKEN)),
            "fastapi-users": (fastapi_users(theirs[1]), Load(EMAIL, "/users/me", "GET", TOKEN)),
        }
        rows = {name: _pinned(bench.start(program), load) for name, (program, load) in programs.items()}
        for measure_row in rows.values():
            measure_row(1)  # opens all connections to the database
        move_backends(*bench.databases)
        yield rows


@contextmanager
def _me_on_sqlite(_: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(None) as bench:
        database = bench.database()
        programs = {
            "the limit": limit(database, "asyncio"),
            "the limit, uvloop": limit(database, "uvloop"),
            "this service": ours(database, bench.folder),
        }
        yield {name: _pinned(bench.start(program), ME) for name, program in programs.items()}


@contextmanager
def _passwords(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench:
        service = bench.start(ours(bench.database(), bench.folder, core=None, WORKER_IN_SERVE="false"))
        yield {
            "Argon2 alone": _hashes,
            "`login`": _free(service, LOGIN),
            "`createAccount`": _free(service, CREATE_ACCOUNT),
        }


@contextmanager
def _processes(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench:
        database = bench.database()
        one, two = (bench.start(ours(database, bench.folder, core=None, WORKERS=count)) for count in "12")
        yield {"one": _free(one, ME), "two": _free(two, ME)}


@contextmanager
def _storm(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench, ThreadPoolExecutor(1) as other:
        service = bench.start(ours(bench.database(), bench.folder, core=None))

        def alone(seconds: int) -> Figure:
            time.sleep(1)  # in which the logins that wait are done
            return p99(seconds)

        def p99(seconds: int) -> Figure:
            calm = measure(service.url, service.pid, ME, seconds, core=None, connections=1)
            return Figure(calm.p99)

        def during(seconds: int) -> Figure:
            storm = other.submit(measure, service.url, service.pid, LOGIN, seconds + 2, core=None)
            time.sleep(1)
            figure = p99(seconds)
            storm.result()
            return figure

        yield {"alone": alone, "in a storm of logins": during}


@contextmanager
def _first_answer(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench:
        database = bench.database()
        body = json.dumps({"query": ME.query}).encode()

        def starting(program: Program) -> Measure:
            def measure_start(_: int) -> Figure:
                begun = time.perf_counter()
                with program.running() as service:
                    answer = Client(service.url).send(body, TOKEN)
                    took = time.perf_counter() - begun
                    assert EMAIL.encode() in answer, answer
                    return Figure(took, memory=memory(service.pid))

            return measure_start

        yield {
            "the limit": starting(limit(database, "uvloop", core=None)),
            "this service": starting(ours(database, bench.folder, core=None)),
        }


@contextmanager
def _check(server: str) -> Iterator[Mapping[str, Measure]]:
    with _bench(server) as bench:
        database = bench.database()

        def check(_: int) -> Figure:
            before = os.times()
            run = run_command("migrate", "--check", DATABASE_URL=database, DATA_DIR=str(bench.folder))
            assert run.returncode == 0, run.stderr
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            return Figure(used)

        yield {"`migrate --check`": check}


GROUPS = (
    Group(
        "`me` on PostgreSQL",
        "/s",
        _me_on_postgresql,
        ("the limit", "the limit, uvloop", "this service", "graphql-yoga", "better-auth", "fastapi-users"),
    ),
    Group("`me` on SQLite", "/s", _me_on_sqlite, ("the limit", "the limit, uvloop", "this service")),
    Group("passwords", "/s", _passwords, ("Argon2 alone", "`login`", "`createAccount`")),
    Group("`me`, processes", "/s", _processes, ("one", "two")),
    Group("99th percentile of `me`", " ms", _storm, ("alone", "in a storm of logins")),
    Group("start to first answer", " s", _first_answer, ("the limit", "this service")),
    Group("CPU time", " s", _check, ("`migrate --check`",)),
)


def _pinned(service: Service, load: Load) -> Measure:
    return lambda seconds: Figure.of(measure(service.url, service.pid, load, seconds, core=LOAD_CORE), service.pid)


def _free(service: Service, load: Load) -> Measure:
    """On whichever core the kernel chooses, beside the load."""
    return lambda seconds: Figure.of(measure(service.url, service.pid, load, seconds, core=None), service.pid)


def _hashes(seconds: int) -> Figure:
    arguments = [str(argument) for argument in (seconds, _THREADS, *_COSTS)]
    command = [sys.executable, "-m", "benchmarks.peers.argon2_pool", *arguments]
    return Figure(float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout))


async def store(database: str) -> None:
    """Stores the account of the token's session, and those that log in."""
    password_hash = PasswordHasher(*_COSTS).hash(PASSWORD)
    async with connected(tortoise_configuration(database)):
        account = await store_account(EMAIL)
        now = utc_now()
        later = now.replace(year=now.year + 1)
        await Session.create(
            id=uuid4(),
            account_id=account.id,
            digest=digest(TOKEN),
            created_at=now,
            last_seen_at=now,
            ends_at=later,
            expires_at=later,
        )
        for number in range(_ACCOUNTS):
            await store_account(f"login-{number}@example.com", password_hash=password_hash)
