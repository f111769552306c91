"""Databases of one's own."""

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from app.database import tortoise_configuration
from models.migrator import upgrade


@contextlib.contextmanager
def database_on(server: str) -> Iterator[str]:
    """The URL of a new one, migrated, which is dropped at the end. `server` is any database that may create others."""
    with empty_database_on(server) as url:
        asyncio.run(upgrade(tortoise_configuration(url)))
        yield url


@contextlib.contextmanager
def empty_database_on(server: str) -> Iterator[str]:
    """The same without tables."""
    name = f"accounts_test_{uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    asyncio.run(_execute(server, f"ALTER DATABASE {name} SET synchronous_commit = off"))  # no test cuts the power
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


@contextlib.contextmanager
def database_of_its_own(server: str | None, folder: Path) -> Iterator[str]:
    """The same, or where no server is given a file in the folder."""
    if server:
        with database_on(server) as url:
            yield url
        return
    url = f"sqlite://{folder / 'accounts.sqlite3'}"
    asyncio.run(upgrade(tortoise_configuration(url)))
    yield url


def copied(template: Path, folder: Path) -> str:
    """The URL of a copy of the database in the template's folder, with its -wal if there is one."""
    shutil.copytree(template.parent, folder, dirs_exist_ok=True)
    return f"sqlite://{folder / template.name}"


def unsynced(configuration: dict[str, Any]) -> dict[str, Any]:
    """Tortoise's configuration without the wait for the disk, since no test cuts the power."""
    credentials = configuration["connections"]["default"]["credentials"]
    if "file_path" in credentials:
        credentials["synchronous"] = "OFF"
    return configuration


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
