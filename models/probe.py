"""Reads facts about the database on a connection of its own, beside the pool, and never waits long."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import asyncpg

from models.outage import DATABASE_ERRORS, POSTGRESQL_ERRORS, is_outage

SECONDS = 2.5
"""After so long, a database that does not answer is unavailable."""
_POLL_SECONDS = 0.5
_KEPT_SECONDS = 1.0  # of these, for a connection that was kept and may be dead
_CREDENTIALS = ("host", "port", "user", "password", "database", "ssl", "application_name")

Rows = list[dict[str, Any]]


class Probe(Protocol):
    async def fetch(self, statements: Sequence[str]) -> list[Rows]:
        """Returns the rows of each statement. Raises one of DATABASE_ERRORS."""

    async def aclose(self) -> None: ...


def probe_of(configuration: dict[str, Any]) -> Probe:
    credentials = configuration["connections"]["default"]["credentials"]
    return SqliteProbe(Path(credentials["file_path"])) if "file_path" in credentials else PostgresqlProbe(credentials)


class PostgresqlProbe:
    """Keeps its connection, since PostgreSQL may have no free one left when somebody asks. For one caller at a time."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self._credentials = {name: credentials[name] for name in _CREDENTIALS if name in credentials}
        if name := self._credentials.pop("application_name", None):
            self._credentials["server_settings"] = {"application_name": name}
        self._connection: asyncpg.Connection | None = None

    async def fetch(self, statements: Sequence[str]) -> list[Rows]:
        async with asyncio.timeout(SECONDS):
            if self._connection:
                try:
                    async with asyncio.timeout(_KEPT_SECONDS):
                        return await _fetch(self._connection, statements)
                except POSTGRESQL_ERRORS:
                    self._drop()
            try:
                self._connection = await asyncpg.connect(**self._credentials, timeout=SECONDS)
                return await _fetch(self._connection, statements)
            except BaseException:
                self._drop()
                raise

    async def aclose(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._connection:
            self._connection.terminate()
        self._connection = None


class SqliteProbe:
    def __init__(self, file: Path) -> None:
        self._uri = f"file:{quote(str(file))}?mode=rw"

    async def fetch(self, statements: Sequence[str]) -> list[Rows]:
        async with asyncio.timeout(SECONDS):
            return await asyncio.to_thread(self._fetch, statements)

    async def aclose(self) -> None:
        pass

    def _fetch(self, statements: Sequence[str]) -> list[Rows]:
        with closing(sqlite3.connect(self._uri, timeout=SECONDS, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [[dict(row) for row in connection.execute(statement)] for statement in statements]


async def _fetch(connection: asyncpg.Connection, statements: Sequence[str]) -> list[Rows]:
    return [[dict(row) for row in await connection.fetch(statement)] for statement in statements]


class DatabaseAbsentError(TimeoutError):
    """The database cannot be reached."""


async def wait_until_present(configuration: dict[str, Any], seconds: float, say: Callable[[float], None]) -> None:
    """Returns once PostgreSQL accepts connections; SQLite needs no waiting. Says it once if there is anything to wait.

    Raises DatabaseAbsentError, or at once what waiting does not cure, such as a wrong password.
    """
    probe = probe_of(configuration)
    if isinstance(probe, SqliteProbe) or not seconds:
        return None
    end, said = time.monotonic() + seconds, False
    while True:
        try:
            await probe.fetch(["SELECT 1"])
            return await probe.aclose()
        except DATABASE_ERRORS as error:
            if not is_outage(error):
                raise
            if time.monotonic() >= end:
                reason = type(error).__name__
                raise DatabaseAbsentError(f"the database was absent for {seconds:g} seconds ({reason})") from error
        if not said:
            say(seconds)
        said = True
        await asyncio.sleep(_POLL_SECONDS)
