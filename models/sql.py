"""SQL text where one statement says what the ORM would need several for."""

import re
from typing import Any

from tortoise.connection import get_connection


async def fetch(statement: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a statement with $1, $2 … on either database."""
    connection = get_connection("default")
    if connection.capabilities.dialect != "sqlite":
        return await connection.execute_query_dict(statement, list(values))
    places = [int(place) for place in re.findall(r"\$(\d)", statement)]
    return await connection.execute_query_dict(re.sub(r"\$\d", "?", statement), [values[place - 1] for place in places])
