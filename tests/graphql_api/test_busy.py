"""A database that another process keeps busy."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from tortoise.connection import get_connection

from tests.api import EMAIL, Api


async def test_while_another_process_writes_for_too_long_the_answer_is_to_try_again(api: Api) -> None:
    connection: Any = get_connection("default")
    if connection.capabilities.dialect != "sqlite":
        pytest.skip("audits/test_stuck_requests.py shows it of PostgreSQL")
    with closing(sqlite3.connect(connection.filename, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        response = await api.send("ResendConfirmationCode", {"input": {"email": EMAIL}})

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
