"""Migrations under a lock, and the drift check that Tortoise 1.1.9 lacks."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.transactions import in_transaction

Configuration = dict[str, Any]

_APP = "accounts"
_NEWEST = MigrationTarget(_APP, "__latest__")
EMPTY = "__first__"
"""Where a downgrade takes everything back, all data among it."""
_ADVISORY_LOCK = 0x54494D42  # one number for this project in the database's lock space


async def upgrade(configuration: Configuration) -> None:
    """Brings the database to the newest migration; several processes may call it at once, and die meanwhile."""
    await _move(configuration, _NEWEST)


async def downgrade(configuration: Configuration, name: str) -> None:
    """Takes back what came after the migration of that name, in the same way. Raises ValueError for an unknown one."""
    await _move(configuration, MigrationTarget(_APP, name))


async def behind(configuration: Configuration) -> list[str]:
    """The migrations that the database lacks, in their order. Raises where it is away."""
    async with _executor(configuration) as executor:
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


async def _move(configuration: Configuration, target: MigrationTarget) -> None:
    """Step by step, each with its record in one transaction, unless the migration says that it cannot run in any."""
    patient = _without_time_limits(configuration)
    async with _exclusive(patient), _executor(patient) as executor:
        await executor.migrate([])  # makes the table of records, which must not be missed within a transaction
        steps = await executor.plan([target])
        for step, stop in zip(steps, _stops(steps, target), strict=True):
            if step.migration.atomic:
                async with in_transaction() as transaction:
                    await MigrationExecutor(transaction, patient["apps"]).migrate([stop])
            else:
                await executor.migrate([stop])


def _stops(steps: Sequence[PlanStep], target: MigrationTarget) -> list[MigrationTarget]:
    """Where each step ends: at its own migration forwards, backwards at the one that is taken back next."""
    names = [MigrationTarget(_APP, step.migration.name) for step in steps]
    return [*names[1:], target] if steps and steps[0].backward else names


@contextlib.asynccontextmanager
async def _executor(configuration: Configuration) -> AsyncIterator[MigrationExecutor]:
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        yield MigrationExecutor(get_connection("default"), configuration["apps"])


def _without_time_limits(configuration: Configuration) -> Configuration:
    """A migration may take as long as it needs."""
    connection = configuration["connections"]["default"]
    credentials = {
        k: v for k, v in connection["credentials"].items() if k not in {"command_timeout", "server_settings"}
    }
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
            await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
            yield
        finally:
            await connection.close()
