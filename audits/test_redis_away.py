"""Redis is away in every way: limited requests are refused soon, others go on, and none fails once it is back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from audits.redis_server import PASSWORD, RedisServer, redis_server
from audits.test_database_away import Load
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving_aside
from tests.tcp_proxy import State, TcpProxy

AWAY = 6.0  # seconds
BACK = 1.0  # seconds after which nothing may fail
CLIENTS = 15
AT_ONCE = 60  # more than the pool's connections
LONGEST = 6.0  # seconds by which a request may outlast one that needs no limits while Redis is away


@dataclass
class Site:
    """Two Redis servers, and the address that leads to the first."""

    address: TcpProxy
    first: RedisServer
    second: RedisServer


Outage = Callable[[Site], contextlib.AbstractAsyncContextManager[None]]


@pytest.fixture
async def site(redis_path: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with (
        redis_server(redis_path, tmp_path) as first,
        redis_server(redis_path, tmp_path) as second,
        TcpProxy("127.0.0.1", first.port).laid() as address,
    ):
        yield Site(address, first, second)


@contextlib.asynccontextmanager
async def refused(site: Site) -> AsyncIterator[None]:
    site.address.become(State.REFUSED)
    yield
    site.address.become(State.WHOLE)


@contextlib.asynccontextmanager
async def cut_off(site: Site) -> AsyncIterator[None]:
    """Nothing comes through, and then what was held back."""
    site.address.become(State.HUNG)
    yield
    site.address.become(State.WHOLE)


@contextlib.asynccontextmanager
async def suspended(site: Site) -> AsyncIterator[None]:
    site.first.suspend()
    yield
    site.first.resume()


@contextlib.asynccontextmanager
async def restarted(site: Site) -> AsyncIterator[None]:
    await site.first.end()
    yield
    await site.first.start()


@contextlib.asynccontextmanager
async def demoted(site: Site) -> AsyncIterator[None]:
    """A failover that leaves open the connections to the old primary, which is a replica now."""
    await site.first.demote(site.second)
    yield
    site.address.lead_to("127.0.0.1", site.second.port)


@contextlib.asynccontextmanager
async def lost(site: Site) -> AsyncIterator[None]:
    """A failover after the old primary's machine has gone, without a word to its connections."""
    site.address.lose()
    site.first.suspend()
    yield
    site.address.lead_to("127.0.0.1", site.second.port)
    site.address.lose()


@pytest.mark.parametrize("outage", [refused, cut_off, suspended, restarted, demoted, lost])
async def test_limited_requests_are_refused_soon_and_none_fails_afterwards(
    site: Site, tmp_path: Path, outage: Outage
) -> None:
    async with _serving(site, tmp_path) as url:
        limited, others = Load(url, ["CreateCaptcha", "Login"]), Load(url, ["Me"])
        clients = [asyncio.create_task(load.run()) for load in (*[limited] * CLIENTS, others)]
        await limited.settle(3 * CLIENTS)
        async with outage(site):
            away = time.monotonic()
            await asyncio.sleep(AWAY)
            back = time.monotonic()
        recovered = time.monotonic() + BACK
        await asyncio.sleep(BACK + 4)
        limited.stopped = others.stopped = True
        await asyncio.gather(*clients)

    in_outage = [(status, seconds) for begun, status, seconds in limited.answers if away <= begun < back - seconds]
    assert {status for status, _ in in_outage} == {503}
    assert set(limited.statuses(recovered, recovered + 60)) == {200}
    slowest, control = (max(seconds for _, _, seconds in load.answers) for load in (limited, others))
    assert slowest < LONGEST + control
    assert set(others.statuses(0, recovered + 60)) == {200}
    log = (tmp_path / "serve.log").read_text("utf-8")
    assert "unexpected error" not in log
    if outage in {refused, cut_off, suspended}:  # the others may be over before anyone asks
        assert [log.count(event) for event in ("outage began", "outage ended", "part=redis")] == [1, 1, 2]


@pytest.mark.parametrize("outage", [refused, cut_off, suspended, restarted, demoted, lost])
async def test_an_outage_that_nobody_noticed_fails_no_request(site: Site, tmp_path: Path, outage: Outage) -> None:
    async with _serving(site, tmp_path) as url:
        load = Load(url)
        await _send_at_once(load)
        async with outage(site):
            await asyncio.sleep(2)
        await asyncio.sleep(BACK)
        await _send_at_once(load)

    assert [status for _, status, _ in load.answers] == [200] * 2 * AT_ONCE


@contextlib.asynccontextmanager
async def _serving(site: Site, folder: Path) -> AsyncIterator[str]:
    url = f"redis://:{PASSWORD}@127.0.0.1:{site.address.port}/3"
    async with serving_aside(folder, REDIS_URL=url, **WITHOUT_LIMITS, **CHEAP_ARGON2) as (served, _):
        yield served


async def _send_at_once(load: Load) -> None:
    async with httpx2.AsyncClient(base_url=load.url, verify=False, timeout=60) as http:
        await asyncio.gather(*(load.send(http, "CreateCaptcha") for _ in range(AT_ONCE)))
