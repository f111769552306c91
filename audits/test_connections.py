"""Connections that stay silent, stall, drip, idle or do not read are closed, and others are answered as usual."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.process.serving import serving

EACH = 50  # of six kinds: 300
MAX_SECONDS = 15.0  # until a connection is closed
KEPT = 10  # seconds that a connection may idle
IDLE = 300
MAX_BYTES = 30_000_000  # of memory for 300 idle connections

BODY = b'{"query": "{ passwordPolicy { minimumLength } }"}'
HEAD = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
)


async def _silent() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def _stalled_head() -> AsyncIterator[bytes]:
    yield HEAD[:40]
    await asyncio.Event().wait()


async def _stalled_body() -> AsyncIterator[bytes]:
    yield HEAD + BODY[:10]
    await asyncio.Event().wait()


async def _dripping_head() -> AsyncIterator[bytes]:
    for byte in HEAD * 10:
        yield bytes([byte])
        await asyncio.sleep(0.2)


async def _dripping_body() -> AsyncIterator[bytes]:
    yield HEAD
    for byte in BODY * 10:
        yield bytes([byte])
        await asyncio.sleep(1)


async def _stalled_after_an_answer() -> AsyncIterator[bytes]:
    yield HEAD + BODY + HEAD[:40]
    await asyncio.Event().wait()


async def _idle() -> AsyncIterator[bytes]:
    yield HEAD + BODY
    await asyncio.Event().wait()


async def _idle_with_line_breaks() -> AsyncIterator[bytes]:
    yield HEAD + BODY
    while True:
        await asyncio.sleep(1)
        yield b"\r\n"


@pytest.fixture
def idle_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a service whose answers show how busy the machine is."""
    with serving(tmp_path_factory.mktemp("idle")) as (url, _):
        yield url


KINDS = [_silent, _stalled_head, _stalled_body, _dripping_head, _dripping_body, _stalled_after_an_answer]


async def test_three_hundred_of_them_are_closed_and_others_are_answered(idle_service: str, tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        held = [asyncio.create_task(_seconds_until_closed(url, kind)) for kind in KINDS for _ in range(EACH)]
        slowest, control = await _slowest_answers_during(held, url, idle_service)
        lives = await asyncio.gather(*held)

    assert max(lives) < MAX_SECONDS
    assert slowest < 2 + control


async def test_three_hundred_idle_ones_are_kept_for_the_set_time_and_slow_nothing_down(
    idle_service: str, tmp_path: Path
) -> None:
    with serving(tmp_path, KEEP_ALIVE_SECONDS=str(KEPT)) as (url, process):
        async with _client() as http:
            await asyncio.gather(*(_ask(http, url) for _ in range(20)))  # to warm up
        before = _memory(process.pid)
        held = [asyncio.create_task(_seconds_until_closed(url, _idle)) for _ in range(IDLE)]
        odd = asyncio.create_task(_seconds_until_closed(url, _idle_with_line_breaks))
        await asyncio.sleep(KEPT / 2)
        taken = _memory(process.pid) - before
        slowest, control = await _slowest_answers_during(held, url, idle_service)
        lives = await asyncio.gather(*held)

        assert await odd < KEPT + MAX_SECONDS
    assert KEPT - 1 < min(lives) <= max(lives) < KEPT + 5
    assert taken < MAX_BYTES
    assert slowest < 2 + control


async def test_a_head_without_an_end_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        reader, writer = await _connect(url)
        writer.write(b"GET /graphql HTTP/1.1\r\n" + b"x: y\r\n" * 10_000)

        answer = await reader.read(100)

        writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_client_that_does_not_read_the_answers_is_cut_off(tmp_path: Path) -> None:
    captcha = (
        b'{"query": "mutation { createCaptcha { ... on CreateCaptchaSuccess { captcha { audio { dataUri } } } } }"}'
    )
    request = HEAD.replace(b"%d" % len(BODY), b"%d" % len(captcha)) + captcha
    with serving(tmp_path) as (url, _):
        _, writer = await _connect(url, limit=1)
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 60:
                writer.write(request)
                await writer.drain()
                await asyncio.sleep(0.2)
        except ConnectionError:
            pass
        writer.close()

    assert time.monotonic() - begun < 45


async def _slowest_answers_during(held: Sequence[asyncio.Task[float]], *urls: str) -> list[float]:
    """Sends requests to each service until the tasks are done. Returns the most seconds that an answer of each took."""
    waits = []
    async with _client() as http:
        while not all(task.done() for task in held):
            waits.append([await _ask(http, url) for url in urls])
            await asyncio.sleep(0.2)
    return [max(seconds) for seconds in zip(*waits, strict=True)]


def _client() -> httpx2.AsyncClient:
    """Opens a connection for each request."""
    return httpx2.AsyncClient(verify=False, timeout=30, limits=httpx2.Limits(max_keepalive_connections=0))


async def _ask(http: httpx2.AsyncClient, url: str) -> float:
    """Returns the seconds that an answer takes on a new connection."""
    begun = time.monotonic()
    response = await http.post(f"{url}/graphql", content=BODY, headers={"content-type": "application/json"})
    assert response.status_code == 200
    return time.monotonic() - begun


def _memory(process: int) -> int:
    """Returns the resident bytes, or 0 without /proc."""
    file = Path(f"/proc/{process}/statm")
    return int(file.read_text("ascii").split()[1]) * resource.getpagesize() if file.exists() else 0


async def _seconds_until_closed(url: str, kind: Callable[[], AsyncIterator[bytes]]) -> float:
    reader, writer = await _connect(url)
    begun = time.monotonic()

    async def send() -> None:
        async for chunk in kind():
            writer.write(chunk)
            await writer.drain()

    sending = asyncio.create_task(send())
    try:
        while await reader.read(4096):
            pass
    except ConnectionError:
        pass
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    writer.close()
    return time.monotonic() - begun


async def _connect(url: str, limit: int = 2**16) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port, limit=limit)
