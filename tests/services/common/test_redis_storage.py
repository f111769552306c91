"""The limits' counters in Redis are there again as soon as Redis is, whatever became of the connections."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from limits.aio.storage import Storage
from pydantic import SecretStr

from app.composition import limit_storage
from app.settings import Settings
from tests.tcp_proxy import State, TcpProxy

CONNECTIONS = 20


@pytest.fixture
async def tcp_proxy(redis_server: str) -> AsyncIterator[TcpProxy]:
    async with TcpProxy.to(redis_server).laid() as tcp_proxy:
        yield tcp_proxy


@pytest.fixture
async def storage(redis_server: str, tcp_proxy: TcpProxy) -> AsyncIterator[Storage]:
    """Over the proxy, with connections in its pool."""
    url = SecretStr(tcp_proxy.url_of(redis_server))
    settings = Settings(_env_file=None, redis_url=url, redis_key_prefix=f"test-{uuid4().hex}")
    storage, aclose = limit_storage(settings)
    await _count(storage)
    yield storage
    await storage.reset()
    await aclose()


async def _count(storage: Storage) -> list[int | BaseException]:
    """Counts on many connections at once, and returns the results."""
    counts = (storage.incr("key", 60) for _ in range(CONNECTIONS))
    return await asyncio.gather(*counts, return_exceptions=True)


async def test_no_count_fails_on_connections_that_were_reset(storage: Storage, tcp_proxy: TcpProxy) -> None:
    tcp_proxy.become(State.REFUSED)
    tcp_proxy.become(State.WHOLE)

    counts = await _count(storage)

    assert sorted(counts, key=str) == sorted(range(CONNECTIONS + 1, 2 * CONNECTIONS + 1), key=str)


async def test_a_connection_that_was_closed_costs_no_attempt(storage: Storage, tcp_proxy: TcpProxy) -> None:
    tcp_proxy.become(State.REFUSED)
    await asyncio.sleep(0.05)  # so that this side knows of it
    tcp_proxy.become(State.WHOLE)
    tcp_proxy.refuse_next()

    assert await storage.incr("key", 60) == CONNECTIONS + 1


async def test_no_count_fails_on_connections_that_a_firewall_forgot(storage: Storage, tcp_proxy: TcpProxy) -> None:
    tcp_proxy.lose()

    counts = await _count(storage)

    assert sorted(counts, key=str) == sorted(range(CONNECTIONS + 1, 2 * CONNECTIONS + 1), key=str)
