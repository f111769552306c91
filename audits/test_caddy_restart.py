"""Two nodes behind a real Caddy with deploy/Caddyfile restart in turn, and no request fails."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from audits.caddy import caddy
from audits.fleet import fleet
from audits.ports import free_port
from audits.test_rolling_restart import BODY, CLIENTS, PAUSE, RESTARTED, stores

__all__ = ["stores"]

pytestmark = pytest.mark.usefixtures("no_authorities")

SECONDS = 15.0
# Less than in production, but more than Caddy needs to notice: its health_interval of a second.
DRAIN_SECONDS = 2


async def test_no_request_fails_while_nodes_restart(caddy_path: str, database_url: str, tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    answers: Counter[int | str] = Counter()
    stopped = asyncio.Event()

    async def send(number: int) -> None:
        """Sends requests, of some clients each on a connection of its own, until stopped."""
        limits = httpx2.Limits(max_keepalive_connections=number % 2)
        async with httpx2.AsyncClient(base_url=url, timeout=20, limits=limits) as http:
            while not stopped.is_set():
                try:
                    answers[(await http.post("/graphql", json=BODY)).status_code] += 1
                except httpx2.HTTPError as error:
                    answers[type(error).__name__] += 1
                await asyncio.sleep(PAUSE)

    settings = {"DRAIN_SECONDS": str(DRAIN_SECONDS), "TRUSTED_PROXIES": "1", "WORKER_IN_SERVE": "false"}
    settings["ALLOWED_HOSTS"] = "127.0.0.1"
    async with fleet(tmp_path, database_url, 1, **settings) as nodes:
        running = list(await asyncio.gather(*(nodes.join("serve", PORT=str(port)) for port in ports)))
        with caddy(caddy_path, tmp_path, ports) as url:
            await _answering(url)
            clients = [asyncio.create_task(send(number)) for number in range(CLIENTS)]
            await asyncio.sleep(1)
            for number in RESTARTED:
                assert await running[number].leave() == 0
                running[number] = await nodes.join("serve", PORT=str(ports[number]))
                await _ready(f"http://127.0.0.1:{ports[number]}")
            await asyncio.sleep(1)
            stopped.set()
            await asyncio.gather(*clients)

    assert answers.keys() == {200}, answers
    assert answers[200] > 500


async def _answering(url: str) -> None:
    """Waits until Caddy has found the nodes ready."""
    async with httpx2.AsyncClient() as http, asyncio.timeout(SECONDS):
        while True:
            with contextlib.suppress(httpx2.TransportError):
                if (await http.post(f"{url}/graphql", json=BODY)).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def _ready(url: str) -> None:
    """Waits as docs/operations.md says before the next node is restarted: until Caddy has noticed, too."""
    async with httpx2.AsyncClient() as http, asyncio.timeout(SECONDS):
        while (await http.get(f"{url}/health/ready")).status_code != 200:
            await asyncio.sleep(0.05)
    await asyncio.sleep(DRAIN_SECONDS)
