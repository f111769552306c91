"""SQL text where one statement says what the ORM would need several for."""

from typing import Any

from tortoise.connection import get_connection


async def fetch(statement: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a statement with $1, $2 … on either database."""
    connection = get_connection("default")
    sqlite = connection.capabilities.dialect == "sqlite"
    return await connection.execute_query_dict(statement.replace("$", "?") if sqlite else statement, list(values))
