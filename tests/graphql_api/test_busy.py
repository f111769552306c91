"""A database that another process keeps busy."""

import sqlite3
from contextlib import closing
from typing import Any

from tortoise.connection import get_connection

from models.sql import fetch
from tests.api import Api
from tests.forms import EMAIL
from tests.stores import ON_SQLITE


@ON_SQLITE
async def test_an_answer_says_to_try_again_if_another_process_keeps_the_database_busy(api: Api) -> None:
    """audits/test_stuck_requests.py shows it for PostgreSQL."""
    connection: Any = get_connection("default")
    await fetch("PRAGMA busy_timeout = 50")  # instead of the 5 seconds that the service waits
    with closing(sqlite3.connect(connection.filename, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        response = await api.send("ResendConfirmationCode", {"input": {"email": EMAIL}})

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
