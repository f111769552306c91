"""Migrations under a lock, and the drift check that Tortoise 1.1.9 lacks."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.api import migrate
from tortoise.migrations.autodetector import MigrationAutodetector

Configuration = dict[str, Any]

_ADVISORY_LOCK = 0x54494D42  # one number for this project in the database's lock space


async def upgrade(configuration: Configuration) -> None:
    """Brings the database to the newest migration; several processes may call it at once."""
    patient = _without_time_limits(configuration)
    async with _exclusive(patient), TortoiseContext():
        await migrate(config=patient, direction="forward")


async def drift(configuration: Configuration) -> list[str]:
    """What the models have that the migration files lack, in words; needs no database."""
    async with TortoiseContext() as context:
        await context.init(config=configuration)
        if context.apps is None:
            raise RuntimeError("Tortoise loaded no apps")
        writers = await MigrationAutodetector(context.apps, configuration["apps"]).changes()
        return [operation.describe() for writer in writers for operation in writer.operations]


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
