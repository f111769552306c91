"""Migrations under a lock, and the drift check that Tortoise 1.1.9 lacks."""

import asyncio
import contextlib
import fcntl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.transactions import in_transaction

from models.outage import is_conflict, is_lock_timeout

log = structlog.get_logger(__name__)

Configuration = dict[str, Any]

_APP = "accounts"
_NEWEST = MigrationTarget(_APP, "__latest__")
EMPTY = "__first__"
"""Where a downgrade takes everything back, all data among it."""
WAIT = 300.0
"""Seconds in which a migration that does not get its locks is tried again."""
_ADVISORY_LOCK = 0x54494D42  # one number for this project in the database's lock space
_LOCK_TIMEOUT = (
    "SET LOCAL lock_timeout = '500ms'"  # while a statement waits for a lock, all behind it wait, readers too
)
_FIRST_PAUSE, _MAX_PAUSE = 0.5, 10.0  # seconds, doubled each time, in which those get on
_POLL = 0.2  # seconds between two looks whether another node has done


class MigrationBlockedError(TimeoutError):
    """Somebody held what the migration needs for too long. Nothing of it was done."""


async def upgrade(configuration: Configuration, wait: float = WAIT) -> None:
    """Brings the database to the newest migration; several processes may call it at once, and die meanwhile.

    Raises MigrationBlockedError.
    """
    await _move(configuration, _NEWEST, wait)


async def go_to(configuration: Configuration, name: str, wait: float = WAIT) -> None:
    """Takes back what came after the migration of that name, or goes on to it, in the same way.

    Raises ValueError for an unknown one.
    """
    await _move(configuration, target(name), wait)


async def pending_migrations(configuration: Configuration) -> list[str]:
    """The migrations that the database lacks, in their order. Raises where it is away."""
    async with executor_of(configuration) as executor:
        await executor.connection.execute_query("SELECT 1")  # which plan() would take for an empty database
        return [step.migration.name for step in await executor.plan([_NEWEST])]


async def drift(configuration: Configuration) -> list[str]:
    """What the models have that the migration files lack, in words; needs no database."""
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        if context.apps is None:
            raise RuntimeError("Tortoise loaded no apps")
        writers = await MigrationAutodetector(context.apps, configuration["apps"]).changes()
        return [operation.describe() for writer in writers for operation in writer.operations]


def target(name: str) -> MigrationTarget:
    return MigrationTarget(_APP, name)


async def _move(configuration: Configuration, target: MigrationTarget, wait: float) -> None:
    """Step by step, each with its record in one transaction, unless the migration says that it cannot run in any."""
    patient = without_time_limits(configuration)
    async with _exclusive(patient), executor_of(patient) as executor:
        await executor.connection.execute_query("SELECT 1")  # where this fails, Tortoise would hang in the next one
        await executor.migrate([])  # makes the table of records, which must not be missed within a transaction
        steps = await executor.plan([target])
        for step, stop in zip(steps, _stops(steps, target), strict=True):
            if step.migration.atomic:
                await _again_and_again(partial(_take_step, patient, stop), step.migration.name, wait)
            else:
                await executor.migrate([stop])


async def _take_step(configuration: Configuration, stop: MigrationTarget) -> None:
    async with in_transaction() as transaction:
        if transaction.capabilities.dialect == "postgres":
            await transaction.execute_query(_LOCK_TIMEOUT)
        await MigrationExecutor(transaction, configuration["apps"]).migrate([stop])


async def _again_and_again(work: Callable[[], Awaitable[None]], name: str, wait: float) -> None:
    """Until it gets its locks. Whoever uses the tables is kept waiting for half a second, and then has a pause."""
    pause, give_up_at = _FIRST_PAUSE, time.monotonic() + wait
    while True:
        try:
            return await work()
        except Exception as error:
            if not (is_lock_timeout(error) or is_conflict(error)):
                raise
            if time.monotonic() + pause > give_up_at:
                sentence = f"{name} did not get its locks in {wait:g} seconds, and nothing of it was done"
                raise MigrationBlockedError(f"{sentence}: end the transactions that are open for long") from error
        log.warning("migration waits for locks", migration=name, again_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _MAX_PAUSE)


def _stops(steps: Sequence[PlanStep], target: MigrationTarget) -> list[MigrationTarget]:
    """Where each step ends: at its own migration forwards, backwards at the one that is taken back next."""
    names = [MigrationTarget(_APP, step.migration.name) for step in steps]
    return [*names[1:], target] if steps and steps[0].backward else names


@contextlib.asynccontextmanager
async def executor_of(configuration: Configuration) -> AsyncIterator[MigrationExecutor]:
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        yield MigrationExecutor(get_connection("default"), configuration["apps"])


def without_time_limits(configuration: Configuration) -> Configuration:
    """A migration may take as long as it needs."""
    connection = configuration["connections"]["default"]
    credentials = {k: v for k, v in connection["credentials"].items() if k not in {"command_timeout", "init"}}
    return {**configuration, "connections": {"default": {**connection, "credentials": credentials}}}


@contextlib.asynccontextmanager
async def _exclusive(configuration: Configuration) -> AsyncIterator[None]:
    credentials = configuration["connections"]["default"]["credentials"]
    if "file_path" in credentials:
        with Path(credentials["file_path"] + ".migrate.lock").open("w") as lock:  # noqa: ASYNC230  # a local file
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield
    else:
        names = ("host", "port", "user", "password", "database", "ssl")
        connection = await asyncpg.connect(**{name: credentials[name] for name in names if name in credentials})
        try:
            # Asked again and again: whoever waits within a statement holds a snapshot, for which CONCURRENTLY waits.
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ADVISORY_LOCK):  # noqa: ASYNC110
                await asyncio.sleep(_POLL)
            yield
        finally:
            await connection.close()
