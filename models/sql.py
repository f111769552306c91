"""Runs SQL where the ORM would need several statements."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from models.engines import asyncpg, sqlite
from models.engines.traced import Traced

_CACHED = 256  # statements, of which the service has fewer


async def fetch(statement: str, *values: object) -> Sequence[Mapping[str, Any]]:
    """Returns the rows of a statement with the placeholders $1, $2 … on either database.

    On PostgreSQL, it raises asyncpg's errors: Tortoise's wrapper would double the CPU time of a row.
    """
    client = get_connection("default")
    if isinstance(client, asyncpg.Client):  # outside of a transaction
        return await client.fetch(statement, values)
    if client.capabilities.dialect == "sqlite":
        return await _fetch_from_sqlite(client, statement, values)
    with client.trace(statement) if isinstance(client, Traced) else nullcontext():
        client.log.debug("%s: %s", statement, values)
        async with client.acquire_connection() as connection:
            rows: Sequence[Mapping[str, Any]] = await connection.fetch(statement, *values)
            return rows


async def _fetch_from_sqlite(
    client: BaseDBAsyncClient, statement: str, values: Sequence[object]
) -> Sequence[Mapping[str, Any]]:
    question_marks, places = _for_sqlite(statement)
    ordered = [values[place] for place in places]
    if isinstance(client, sqlite.Client) and question_marks.startswith("SELECT"):  # outside of a transaction
        return await client.fetch(question_marks, ordered)
    return await client.execute_query_dict(question_marks, ordered)


@lru_cache(_CACHED)
def _for_sqlite(statement: str) -> tuple[str, list[int]]:
    """Returns the statement with SQLite's placeholders, and the index of each one's value."""
    statement = re.sub(r"= ANY\((\$\d+)\)", r"IN (SELECT value FROM json_each(\1))", statement)
    places = [int(place) - 1 for place in re.findall(r"\$(\d+)", statement)]
    return re.sub(r"\$\d+", "?", statement).strip(), places


def is_sqlite() -> bool:
    return get_connection("default").capabilities.dialect == "sqlite"


def among(values: Iterable[object]) -> object:
    """Returns the value of a placeholder $n in `= ANY($n)`, which becomes `IN (…)` on SQLite: any number of values."""
    return json.dumps([str(value) for value in values]) if is_sqlite() else list(values)


async def try_lock(number: int) -> bool:
    """Acquires the lock of that number until the transaction ends. Returns False if another transaction holds it.

    On SQLite, every writing transaction holds all locks.
    """
    if get_connection("default").capabilities.dialect == "sqlite":
        return True
    rows = await fetch("SELECT pg_try_advisory_xact_lock($1) AS locked", number)
    return bool(rows[0]["locked"])


def as_uuid(value: UUID | str) -> UUID:
    """Converts a column's UUID, which SQLite stores as text."""
    return value if isinstance(value, UUID) else UUID(value)


def as_datetime(value: datetime | str) -> datetime:
    """Converts a column's date and time, which SQLite stores as text with an offset."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
