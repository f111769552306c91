"""Exports of one's data: while others want answers, by clients that break off or are slow, and by a killed server."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit
from uuid import uuid4

from app.database import connected, tortoise_configuration
from models.event import Event
from models.export_link import ExportLink
from services.common.clock import utc_now
from services.common.secrets import digest
from tests.conftest import MakeApi
from tests.exports import exported, tables
from tests.forms import EMAIL
from tests.process.serving import serving_aside
from tests.stored_accounts import store_account

CODE = "A" * 40
_ROWS = 4_000
_NOISE = 3_000  # characters a row that cannot be compressed, so that the zip is larger than all buffers on its way


async def _prepare(rows: int = _ROWS, noise: int = _NOISE) -> None:
    account = await store_account()
    await Event.bulk_create(
        Event(
            id=number,
            event_id=uuid4(),
            type="account.updated",
            account_id=account.id,
            occurred_at=utc_now(),
            details={"noise": token_hex(noise // 2)},
        )
        for number in range(rows)
    )
    expires_at = utc_now() + timedelta(hours=1)
    await ExportLink.create(digest=digest(CODE), account_id=account.id, expires_at=expires_at)


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[str]:
    """The URL of a server with a prepared account, whose database is open here, too."""
    async with (
        serving_aside(folder, WORKER_IN_SERVE="false") as (url, _),
        connected(tortoise_configuration(f"sqlite://{folder / 'accounts.sqlite3'}")),
    ):
        await _prepare()
        yield url


async def _begin(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """Posts the code, and returns once the headers came, with the length of the file."""
    parts = urlsplit(url)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)  # or the system may let it hold the whole file
    own.connect((parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=own, limit=2**16)
    body = f"token={CODE}".encode()
    head = f"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    writer.write(head + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert answer.startswith("http/1.1 200"), answer
    (length,) = [int(line.partition(":")[2]) for line in answer.splitlines() if line.startswith("content-length:")]
    return reader, writer, length


async def _status(url: str) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = f"token={CODE}".encode()
    writer.write(f"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


async def _until_free() -> None:
    async with asyncio.timeout(20):
        while not await ExportLink.filter(claimed_until=None).exists():
            await asyncio.sleep(0.05)


async def _until_used() -> None:
    async with asyncio.timeout(20):
        while await ExportLink.exists():
            await asyncio.sleep(0.05)


async def test_other_requests_go_on_meanwhile(make_api: MakeApi) -> None:
    """The longest time that the event loop was held is far from that of the export."""
    api = await make_api()
    await _prepare(rows=20_000, noise=100)
    held = 0.0

    async def look() -> None:
        nonlocal held
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            held = max(held, time.perf_counter() - begun)
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(look())
    begun = time.perf_counter()
    content = await exported(api.composition, EMAIL)
    took = time.perf_counter() - begun
    watching.cancel()

    assert len(tables(content)["events"]) == 20_000
    assert held < max(0.25, took / 4)


async def test_a_client_that_breaks_off_can_try_again(migrated: Path) -> None:
    async with _serving(migrated) as url:
        reader, writer, length = await _begin(url)
        busy = await _status(url)
        await reader.readexactly(length // 10)
        writer.transport.abort()
        await _until_free()

        reader, writer, length = await _begin(url)
        content = await reader.readexactly(length)
        writer.close()

        assert length > 10_000_000
        assert busy == 409
        assert len(tables(content)["events"]) == _ROWS
        assert tables(content)["account"][0]["email"] == EMAIL
        await _until_used()
        assert await _status(url) == 410


async def test_a_slow_client_gets_more_time_than_for_other_responses(migrated: Path) -> None:
    async with _serving(migrated) as url:
        reader, writer, length = await _begin(url)
        begun = time.monotonic()

        await asyncio.sleep(22)  # other responses are cut off after 20 seconds
        content = await reader.readexactly(length)
        writer.close()

        assert time.monotonic() - begun > 22
        assert len(content) == length


async def test_a_server_that_is_killed_loses_no_link(migrated: Path) -> None:
    async with connected(tortoise_configuration(f"sqlite://{migrated / 'accounts.sqlite3'}")):
        await _prepare()
        async with serving_aside(migrated, WORKER_IN_SERVE="false") as (url, process):
            reader, writer, length = await _begin(url)
            process.kill()
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                assert len(await reader.readexactly(length)) < length
            writer.close()
        claimed = await ExportLink.get()
        assert claimed.claimed_until
        assert claimed.claimed_until < utc_now() + timedelta(minutes=6)
        await ExportLink.all().update(claimed_until=utc_now())

        async with serving_aside(migrated, WORKER_IN_SERVE="false") as (url, _):
            reader, writer, length = await _begin(url)
            assert len(await reader.readexactly(length)) == length
            writer.close()
