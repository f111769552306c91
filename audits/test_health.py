"""/health/ready says within five seconds that PostgreSQL or Redis is down, and that it is back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from tests.process.serving import serving_aside
from tests.tcp_proxy import State, TcpProxy

GOOD = {"database": "ok", "migrations": "ok", "limits": "ok", "draining": "no"}


@contextlib.asynccontextmanager
async def wire(url: str) -> AsyncIterator[tuple[TcpProxy, str]]:
    """Yields a wire to the server of that URL, and the URL that leads through it."""
    async with TcpProxy.to(url).laid() as proxy:
        yield proxy, proxy.url_of(url)


async def parts_at(url: str, status: int) -> Any:
    """Returns the parts of the first answer with that status, which must come within five seconds."""
    give_up_at = time.monotonic() + 5
    async with httpx2.AsyncClient(verify=False, timeout=10) as http:
        while (response := await http.get(f"{url}/health/ready")).status_code != status:
            assert time.monotonic() < give_up_at, response.text
            await asyncio.sleep(0.1)
    assert time.monotonic() < give_up_at
    assert "127.0.0.1" not in response.text
    return response.json()["parts"]


async def test_ready_follows_each_part(postgresql_url: str, redis_server: str, tmp_path: Path) -> None:
    async with (
        wire(postgresql_url) as (database, database_url),
        wire(redis_server) as (redis, redis_url),
        serving_aside(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url) as (url, _),
    ):
        assert await parts_at(url, 200) == GOOD
        for state in (State.REFUSED, State.HUNG):
            redis.become(state)
            assert await parts_at(url, 503) == {**GOOD, "limits": "failed"}
            redis.become(State.WHOLE)
            assert await parts_at(url, 200) == GOOD
            database.become(state)
            assert await parts_at(url, 503) == {**GOOD, "database": "failed", "migrations": "unknown"}
            database.become(State.WHOLE)
            assert await parts_at(url, 200) == GOOD
