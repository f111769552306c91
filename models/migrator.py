"""Runs migrations under a lock, and checks for drift, which Tortoise 1.1.9 cannot do."""

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

from models.migration_states import States, StepExecutor
from models.outage import is_conflict, is_lock_timeout

log = structlog.get_logger(__name__)

Configuration = dict[str, Any]

_APP = "accounts"
_NEWEST = MigrationTarget(_APP, "__latest__")
EMPTY = "__first__"
"""The target that reverts every migration, and so deletes all data."""
WAIT = 300.0
"""How many seconds to retry a migration that does not get its locks."""
_ADVISORY_LOCK = 0x54494D42  # this project's number among the database's advisory locks
_LOCK_TIMEOUT = (
    "SET LOCAL lock_timeout = '500ms'"  # while a statement waits for a lock, others queue behind it, even readers
)
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.5, 10.0  # doubled each time, to let other transactions proceed
_POLL_SECONDS = 0.2  # between two attempts to get another node's lock


class MigrationBlockedError(TimeoutError):
    """Other transactions held the migration's locks for too long. The migration changed nothing."""


async def upgrade(configuration: Configuration, wait: float = WAIT) -> None:
    """Brings the database to the newest migration. Several processes may call it at once, and may die during it.

    Raises MigrationBlockedError.
    """
    await _move(configuration, _NEWEST, wait)


async def go_to(configuration: Configuration, name: str, wait: float = WAIT) -> None:
    """Goes to the migration of that name, forwards or backwards, like `upgrade`.

    Raises ValueError for an unknown name, and MigrationBlockedError.
    """
    await _move(configuration, target(name), wait)


async def pending_migrations(configuration: Configuration) -> list[str]:
    """Returns the migrations that the database lacks, in their order. Raises if the database is unavailable."""
    async with executor_of(configuration) as executor:
        await executor.connection.execute_query("SELECT 1")  # plan() takes an unavailable database for an empty one
        return [step.migration.name for step in await executor.plan([_NEWEST])]


async def drift(configuration: Configuration) -> list[str]:
    """Describes what the models have and the migration files lack. It needs no database."""
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        if context.apps is None:
            raise RuntimeError("Tortoise loaded no apps")
        writers = await MigrationAutodetector(context.apps, configuration["apps"]).changes()
        return [operation.describe() for writer in writers for operation in writer.operations]


def target(name: str) -> MigrationTarget:
    return MigrationTarget(_APP, name)


async def _move(configuration: Configuration, target: MigrationTarget, wait: float) -> None:
    """Runs each migration and its record in one transaction, unless the migration is not atomic."""
    unlimited = without_time_limits(configuration)
    async with _exclusive(unlimited), executor_of(unlimited) as executor:
        await executor.connection.execute_query("SELECT 1")  # if this fails, Tortoise would hang in the next one
        await executor.migrate([])  # creates the table of records, without which a transaction would fail
        steps = await executor.plan([target])
        states = States()
        for step, stop in zip(steps, _stops(steps, target), strict=True):
            if step.migration.atomic:
                await _retried(partial(_take_step, unlimited, stop, states), step.migration.name, wait)
            else:
                await executor.migrate([stop])
                states.clear()


async def _take_step(configuration: Configuration, stop: MigrationTarget, states: States) -> None:
    try:
        async with in_transaction() as transaction:
            if transaction.capabilities.dialect == "postgres":
                await transaction.execute_query(_LOCK_TIMEOUT)
            await StepExecutor(transaction, configuration["apps"], states).migrate([stop])
    except BaseException:
        states.clear()
        raise


async def _retried(work: Callable[[], Awaitable[None]], name: str, wait: float) -> None:
    """Retries until the migration gets its locks. Each attempt blocks other users of the tables for half a second."""
    pause, give_up_at = _MIN_PAUSE_SECONDS, time.monotonic() + wait
    while True:
        try:
            return await work()
        except Exception as error:
            if not (is_lock_timeout(error) or is_conflict(error)):
                raise
            if time.monotonic() + pause > give_up_at:
                sentence = f"{name} did not get its locks in {wait:g} seconds and changed nothing"
                raise MigrationBlockedError(f"{sentence}: end the long-running transactions") from error
        log.warning("migration waits for locks", migration=name, again_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _MAX_PAUSE_SECONDS)


def _stops(steps: Sequence[PlanStep], target: MigrationTarget) -> list[MigrationTarget]:
    """Returns the migration at which each step ends: forwards its own, backwards the next one to revert."""
    names = [MigrationTarget(_APP, step.migration.name) for step in steps]
    return [*names[1:], target] if steps and steps[0].backward else names


@contextlib.asynccontextmanager
async def executor_of(configuration: Configuration) -> AsyncIterator[MigrationExecutor]:
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        yield MigrationExecutor(get_connection("default"), configuration["apps"])


def without_time_limits(configuration: Configuration) -> Configuration:
    """Removes the time-outs of statements, since a migration may take long."""
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
            # Poll: a statement that waits for the lock would hold a snapshot, and CONCURRENTLY waits for snapshots.
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ADVISORY_LOCK):  # noqa: ASYNC110
                await asyncio.sleep(_POLL_SECONDS)
            yield
        finally:
            await connection.close()
