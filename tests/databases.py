"""Databases of one's own on a PostgreSQL server."""

import asyncio
import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from app.database import tortoise_configuration
from models.migrating import upgrade


@contextlib.contextmanager
def database_on(server: str) -> Iterator[str]:
    """The URL of a new one, migrated, which is dropped at the end. `server` is any database that may create others."""
    name = f"accounts_test_{uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    try:
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        asyncio.run(upgrade(tortoise_configuration(url)))
        yield url
    finally:
        asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
