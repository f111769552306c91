"""A cancelled task leaves no transaction behind."""

import asyncio
import contextvars
import random
import sqlite3
import threading
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.engines import sqlite
from models.limit_counter import LimitCounter
from models.sql import fetch
from tests.cancellation import cancelled_after

ROUNDS = 100


async def _work(key: str) -> None:
    async with in_transaction():
        await LimitCounter.create(key=key, count=1, expires_at=0)
        await LimitCounter.filter(key=key).update(count=2)


async def test_cancelled_transactions_leave_no_lock_and_no_connection_behind(database: dict[str, Any]) -> None:
    chance = random.Random(7)
    for batch in range(ROUNDS // 10):
        tasks = [asyncio.create_task(_work(f"{batch}.{n}")) for n in range(10)]
        for task in tasks:
            await asyncio.sleep(chance.random() * 0.0005)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    await asyncio.wait_for(asyncio.gather(*(_work(f"after.{n}") for n in range(20))), 10)

    assert await LimitCounter.filter(key__startswith="after").count() == 20
    assert await LimitCounter.filter(count=1).count() == 0


async def test_a_bulk_insert_leaves_no_transaction_open_wherever_it_is_cancelled(
    database: dict[str, Any],
) -> None:
    rows = [LimitCounter(key=str(number), count=1, expires_at=0) for number in range(3)]
    for steps in range(0, 150, 3):
        write = LimitCounter.bulk_create(rows, on_conflict=["key"], update_fields=["count"])
        await cancelled_after(steps, write)

        await asyncio.wait_for(_work(f"after.{steps}"), 5)

    assert await LimitCounter.filter(key__startswith="after").count() == 50


async def test_transactions_that_read_before_they_write_lose_no_update(database: dict[str, Any]) -> None:
    await LimitCounter.create(key="shared", count=0, expires_at=0)

    async def raise_by_one() -> None:
        async with in_transaction():
            counter = await LimitCounter.select_for_update().get(key="shared")
            counter.count += 1
            await counter.save(update_fields=["count"])

    await asyncio.gather(*(raise_by_one() for _ in range(20)))

    assert (await LimitCounter.get(key="shared")).count == 20


async def test_a_query_waits_for_no_transaction_and_sees_what_is_committed(database: dict[str, Any]) -> None:
    count = "SELECT count(*) AS counted FROM limit_counter"
    async with in_transaction():
        await LimitCounter.create(key="held", count=1, expires_at=0)

        meanwhile = await asyncio.wait_for(asyncio.create_task(fetch(count), context=contextvars.Context()), 5)
        within = await fetch(count)

    afterwards = await fetch(count)
    assert [rows[0]["counted"] for rows in (meanwhile, within, afterwards)] == [0, 1, 1]


async def test_a_file_that_cannot_be_opened_leaves_no_thread_that_reports_to_a_closed_loop() -> None:
    threads = set(threading.enumerate())

    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await sqlite.Client("/nowhere/accounts.sqlite3", connection_name="default").create_connection(with_db=True)

    assert not [thread.name for thread in {*threading.enumerate()} - threads if "connection" in thread.name]
