"""Runs SQL where the ORM would need several statements."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection


async def fetch(statement: str, *values: object) -> list[dict[str, Any]]:
    """Returns the rows of a statement with the placeholders $1, $2 … on either database."""
    connection = get_connection("default")
    if connection.capabilities.dialect != "sqlite":
        return await connection.execute_query_dict(statement, list(values))
    places = [int(place) for place in re.findall(r"\$(\d)", statement)]
    return await connection.execute_query_dict(re.sub(r"\$\d", "?", statement), [values[place - 1] for place in places])


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
