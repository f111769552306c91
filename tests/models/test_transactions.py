"""Transactions that are retried, and outages that are distinguished from bugs."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from models.limit_counter import LimitCounter
from models.outage import DATABASE_ERRORS, is_outage
from models.sql import fetch
from models.transactions import atomically

pytestmark = pytest.mark.usefixtures("database")


def _postgresql_only() -> None:
    if get_connection("default").capabilities.dialect == "sqlite":
        pytest.skip("SQLite has one writer, on a connection of its own")


def _adding(first: str, second: str, met: asyncio.Barrier, attempts: list[str]) -> Callable[[], Awaitable[None]]:
    async def add() -> None:
        attempts.append(first)
        await fetch("UPDATE limit_counter SET count = count + 1 WHERE key = $1", first)
        if len(attempts) <= 2:
            await met.wait()  # both hold what the other one wants next
        await fetch("UPDATE limit_counter SET count = count + 1 WHERE key = $1", second)

    return add


async def test_two_deadlocked_transactions_are_both_done_once() -> None:
    _postgresql_only()
    for key in ("a", "b"):
        await LimitCounter.create(key=key, count=0, expires_at=0)
    met, attempts = asyncio.Barrier(2), list[str]()

    await asyncio.gather(atomically(_adding("a", "b", met, attempts)), atomically(_adding("b", "a", met, attempts)))

    assert len(attempts) == 3
    assert [counter.count for counter in await LimitCounter.all()] == [2, 2]


async def test_a_transaction_is_retried_if_its_connection_is_lost_before_the_commit() -> None:
    _postgresql_only()
    attempts = 0

    async def insert() -> None:
        nonlocal attempts
        attempts += 1
        await LimitCounter.bulk_create([LimitCounter(key="a", count=1, expires_at=0)])
        if attempts == 1:
            await fetch("SELECT pg_terminate_backend(pg_backend_pid())")

    await atomically(insert)

    assert attempts == 2
    assert await LimitCounter.all().count() == 1


async def test_an_exception_rolls_the_work_back_and_is_not_retried() -> None:
    attempts = 0

    async def fail() -> None:
        nonlocal attempts
        attempts += 1
        await LimitCounter.create(key="a", count=1, expires_at=0)
        raise KeyError

    with pytest.raises(KeyError):
        await atomically(fail)

    assert attempts == 1
    assert await LimitCounter.all().count() == 0


async def test_a_wrong_statement_is_no_outage() -> None:
    for statement in ("SELECT nothing FROM nowhere", "SELECT 1 +"):
        with pytest.raises(DATABASE_ERRORS) as raised:
            await fetch(statement)

        assert not is_outage(raised.value)


async def test_a_constraint_is_no_outage() -> None:
    await LimitCounter.create(key="a", count=1, expires_at=0)

    with pytest.raises(IntegrityError) as raised:
        await LimitCounter.create(key="a", count=1, expires_at=0)

    assert not is_outage(raised.value)
