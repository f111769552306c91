"""The pool hands connections on without asyncpg's, and never one that is lost or busy."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from models.engines import pool as module
from models.engines.pool import Connection, Pool
from tests.cancellation import cancelled
from tests.tcp_proxy import TcpProxy

SIZE = 2
_OTHERS = """
SELECT query FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_UNFINISHED = f"{_OTHERS} AND state <> 'idle'"


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Pool]:
    pool = await Pool(dsn=url, min_size=0, max_size=SIZE, loop=None, connection_class=Connection)
    yield pool
    await asyncio.wait_for(pool.close(), 10)


@pytest.fixture
async def pool(postgresql_url: str) -> AsyncIterator[Pool]:
    async with _opened(postgresql_url) as opened:
        yield opened


async def _backend(pool: Pool) -> int:
    """The process of PostgreSQL that answers next."""
    return int((await pool.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"])


async def test_a_connection_stays_at_hand(pool: Pool) -> None:
    first = await _backend(pool)

    assert {await _backend(pool) for _ in range(20)} == {first}
    assert pool.get_idle_size() == 0


async def test_no_more_connections_are_used_than_the_pool_has(pool: Pool) -> None:
    backends = await asyncio.gather(*(pool.fetch("SELECT pg_backend_pid(), pg_sleep(0.01)") for _ in range(40)))

    assert len({rows[0]["pg_backend_pid"] for rows in backends}) == SIZE


async def test_a_connection_that_is_lost_while_nobody_uses_it_is_replaced(pool: Pool) -> None:
    taken = [await pool.take() for _ in range(SIZE)]
    lost, other = [await each.fetchval("SELECT pg_backend_pid()") for each in taken]
    await pool.give_back(taken[0], failed=False)
    await taken[1].execute("SELECT pg_terminate_backend($1)", lost)
    await pool.give_back(taken[1], failed=False)
    await asyncio.sleep(0.1)

    backends = await asyncio.gather(*(pool.fetch("SELECT pg_backend_pid(), pg_sleep(0.01)") for _ in range(4)))

    assert lost not in (found := {rows[0]["pg_backend_pid"] for rows in backends})
    assert other in found
    assert len(found) == SIZE


async def test_whoever_waits_too_long_is_told(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [await pool.take() for _ in range(SIZE)]
    monkeypatch.setattr(module, "_ACQUIRE_SECONDS", 0.05)

    with pytest.raises(TimeoutError):
        await pool.take()

    await pool.give_back(taken[0], failed=False)
    assert await pool.take() is taken[0]
    for each in taken:
        await pool.give_back(each, failed=False)


async def test_a_place_is_free_again_after_a_connection_could_not_be_opened(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(pool, "acquire", refuse)
        for _ in range(SIZE + 1):
            with pytest.raises(ConnectionRefusedError):
                await pool.take()

    assert len({await _backend(pool), await _backend(pool)}) == 1


async def test_a_transaction_that_was_left_open_is_rolled_back(pool: Pool) -> None:
    connection = await pool.take()
    await connection.execute("BEGIN")
    await connection.execute("CREATE TABLE left_open (id int)")
    await pool.give_back(connection, failed=False)

    assert await pool.fetch("SELECT to_regclass('left_open') AS found") == [(None,)]


async def test_a_cancelled_statement_does_not_hold_up_the_next(pool: Pool) -> None:
    for _ in range(2 * SIZE):
        waiting = asyncio.create_task(pool.fetch("SELECT pg_sleep(10)"))
        await asyncio.sleep(0.02)
        await cancelled(waiting)

    assert await asyncio.wait_for(_backend(pool), 2)


async def test_connections_are_opened_even_if_nobody_waits_so_long(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    open_quickly = pool.acquire

    async def open_slowly(**options: Any) -> Any:
        await asyncio.sleep(0.1)
        return await open_quickly(**options)

    monkeypatch.setattr(pool, "acquire", open_slowly)

    assert any([await _is_answered(pool, within=0.02) for _ in range(20)])


async def _is_answered(pool: Pool, within: float) -> bool:
    waiting = asyncio.create_task(_backend(pool))
    await asyncio.sleep(within)
    return not await cancelled(waiting)


async def test_a_pool_that_is_closed_while_it_opens_connections_leaves_none(postgresql_url: str) -> None:
    other = await asyncpg.connect(postgresql_url)
    async with _opened(postgresql_url) as pool:
        waiting = [asyncio.create_task(_backend(pool)) for _ in range(2 * SIZE)]
        await asyncio.sleep(0.001)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert pool.get_size() == 0
    await asyncio.sleep(0.1)
    assert await other.fetch(_OTHERS) == []
    await other.close()


async def _cancel_after(steps: int, pool: Pool, statement: str) -> None:
    """Cancels the statement after that many steps of the loop, in each of which whatever was sent has arrived."""
    waiting = asyncio.create_task(pool.fetch(statement))
    for _ in range(steps):
        await asyncio.sleep(0)
        time.sleep(0.005)  # lets PostgreSQL answer before the next step
    await cancelled(waiting)


async def test_a_statement_that_is_cancelled_at_any_step_keeps_no_lock(pool: Pool, postgresql_url: str) -> None:
    other = await asyncpg.connect(postgresql_url)
    await _backend(pool)

    for steps in range(1, 10):
        await _cancel_after(steps, pool, f"SELECT {steps} FROM pg_class LIMIT 1")  # noqa: S608
        assert await other.fetch(_UNFINISHED) == [], steps

    await other.close()


async def test_a_cancelled_start_of_a_transaction_is_no_error(pool: Pool) -> None:
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    connection = await pool.take()
    await connection.transaction().start()

    await pool.give_back(connection, failed=True)

    assert reports == []
    assert await pool.fetch("SELECT pg_current_xact_id_if_assigned()") == [(None,)]


async def test_a_cancelled_statement_stays_cancelled_where_the_server_no_longer_answers(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RELEASE_SECONDS", 0.1)
    async with TcpProxy.to(postgresql_url).laid() as proxy, _opened(proxy.url_of(postgresql_url)) as pool:
        lost = await _backend(pool)
        proxy.lose()
        waiting = asyncio.create_task(_backend(pool))
        await asyncio.sleep(0.05)

        assert await cancelled(waiting)
        assert await _backend(pool) != lost


async def test_connections_go_back_to_asyncpg_now_and_then(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETURN_SECONDS", 0.05)
    first = await _backend(pool)
    assert pool.get_idle_size() == 0

    await asyncio.sleep(0.3)

    assert pool.get_idle_size() == 1
    assert await _backend(pool) == first


async def test_a_connection_that_comes_to_somebody_who_has_just_gone_is_not_lost(pool: Pool) -> None:
    taken = [await pool.take() for _ in range(SIZE)]
    for _ in range(20):
        waiting = asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        await pool.give_back(taken.pop(), failed=False)
        await cancelled(waiting)
        taken.append(await asyncio.wait_for(pool.take(), 2))

    for each in taken:
        await pool.give_back(each, failed=False)


async def test_whoever_has_waited_for_longest_is_next(pool: Pool) -> None:
    taken = [await pool.take() for _ in range(SIZE)]
    order: list[int] = []

    async def wait(number: int) -> None:
        connection = await pool.take()
        order.append(number)
        await pool.give_back(connection, failed=False)

    waiting = [asyncio.create_task(wait(number)) for number in range(5)]
    await asyncio.sleep(0)
    for each in taken:
        await pool.give_back(each, failed=False)
    await asyncio.gather(*waiting)

    assert sorted(order) == list(range(5))
    assert order[0] == 0
