"""Stuck requests end with a clear answer, and requests whose client is gone leave nothing behind."""

import asyncio
import random
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from app.execution import DEADLINE
from app.operations import OPERATIONS
from tests.process.serving import WITHOUT_LIMITS, serving

LOGIN = OPERATIONS["Login"]


def _body(number: int) -> dict[str, object]:
    form = {"email": f"nobody{number}@example.com", "password": "una frase larga"}
    return {"query": LOGIN, "variables": {"input": form}}


async def test_while_the_database_hangs_requests_end_at_their_deadline_and_the_service_recovers(
    postgresql_url: str, tmp_path: Path
) -> None:
    with serving(tmp_path, DATABASE_URL=postgresql_url, LIMIT_LOGIN_CAPTCHA="1000/hour") as (url, _):
        async with httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client:

            async def answered(number: int) -> tuple[int, str | None, float]:
                begun = time.monotonic()
                response = await client.post("/graphql", json=_body(number))
                return response.status_code, response.headers.get("retry-after"), time.monotonic() - begun

            locker = await asyncpg.connect(postgresql_url)
            async with locker.transaction():
                await locker.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
                answers = await asyncio.gather(*(answered(n) for n in range(30)))
            recovered = await answered(30)
            await _nothing_busy(locker)
            await locker.close()

    assert {(status, retry) for status, retry, _ in answers} == {(503, "5")}
    assert max(seconds for _, _, seconds in answers) < DEADLINE + 5
    assert recovered[0] == 200


async def test_clients_that_go_away_leave_nothing_behind(postgresql_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL=postgresql_url, DATABASE_POOL_MAXIMUM="5", **WITHOUT_LIMITS) as (url, process):
        files = Path(f"/proc/{process.pid}/fd")
        if not files.exists():
            pytest.skip("open files are counted in /proc")
        async with httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client:
            assert (await client.post("/graphql", json=_body(0))).status_code == 200
            before = len(list(files.iterdir()))

            await asyncio.gather(*(_go_away(url, number) for number in range(300)))

            assert (await client.post("/graphql", json=_body(1))).status_code == 200
            async with asyncio.timeout(15):
                while len(list(files.iterdir())) > before + 5:  # the pool may have grown to its five connections
                    await asyncio.sleep(0.1)
        looking = await asyncpg.connect(postgresql_url)
        await _nothing_busy(looking)
        await looking.close()


async def _go_away(url: str, number: int) -> None:
    """Sends a login and aborts the connection up to 300 ms later."""
    chance = random.Random(number)
    parts = urlsplit(url)
    content = httpx2.Request("POST", f"{url}/graphql", json=_body(number)).read()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    )
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"{head}\r\n\r\n".encode() + content)
    await asyncio.sleep(chance.uniform(0, 0.3))
    writer.transport.abort()


async def _nothing_busy(connection: asyncpg.Connection) -> None:
    """Waits for the cleanup of requests that were aborted, and for statements of the worker. A leak never ends."""
    async with asyncio.timeout(15):
        while await _busy(connection):
            await asyncio.sleep(0.1)


async def _busy(connection: asyncpg.Connection) -> int:
    """Returns the number of other clients' connections to this database that are busy or in a transaction."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' "
            "AND backend_type = 'client backend'"
        )
    )
