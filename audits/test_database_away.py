"""PostgreSQL is down for 12 seconds under load: every request ends within its deadline, and the service recovers."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from app.execution import DEADLINE
from app.operations import OPERATIONS
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving_aside
from tests.tcp_proxy import State, TcpProxy

AWAY = DEADLINE + 2  # seconds
CLIENTS = 20  # twice as many as the pool has connections
SETTLED = 60.0  # seconds until requests are answered, at most
PAUSE = 0.4  # seconds between two rounds of a client
SIGNED_IN = {"authorization": "Bearer x"}
FORM = {"email": "nadie@example.com", "password": "una frase larga"}


@dataclass
class Load:
    """Clients that keep sending requests, each after the last answer."""

    url: str
    operations: Sequence[str] = ("Me", "Login")
    answers: list[tuple[float, int, float]] = field(default_factory=list)  # time of the request, status, seconds
    stopped: bool = False

    async def run(self) -> None:
        # Reading certificate authorities would take 50 ms a client, in which the proxy of this process stands still.
        async with httpx2.AsyncClient(base_url=self.url, verify=False, timeout=60, headers=SIGNED_IN) as http:
            while not self.stopped:
                for operation in self.operations:
                    await self.send(http, operation)
                await asyncio.sleep(PAUSE)

    async def send(self, http: httpx2.AsyncClient, operation: str) -> None:
        begun = time.monotonic()
        body = {"query": OPERATIONS[operation], "variables": {"input": FORM}}
        response = await http.post("/graphql", json=body)
        self.answers.append((begun, response.status_code, time.monotonic() - begun))

    async def settle(self, answers: int) -> None:
        """Waits until that many answers in a row were 200: on a busy machine, the first ones may come too late."""
        async with asyncio.timeout(SETTLED):
            while [status for _, status, _ in self.answers[-answers:]] != [200] * answers:
                await asyncio.sleep(0.1)

    def statuses(self, since: float, until: float) -> Counter[int]:
        return Counter(status for begun, status, _ in self.answers if since <= begun < until)


@pytest.fixture
async def tcp_proxy(postgresql_url: str) -> AsyncIterator[TcpProxy]:
    async with TcpProxy.to(postgresql_url).laid() as tcp_proxy:
        yield tcp_proxy


@pytest.mark.parametrize("state", [State.REFUSED, State.HUNG])
async def test_requests_end_and_the_service_recovers(
    postgresql_url: str, tcp_proxy: TcpProxy, tmp_path: Path, state: State
) -> None:
    url = tcp_proxy.url_of(postgresql_url)
    async with serving_aside(tmp_path, DATABASE_URL=url, **WITHOUT_LIMITS, **CHEAP_ARGON2) as (served, _):
        load = Load(served)
        clients = [asyncio.create_task(load.run()) for _ in range(CLIENTS)]
        await load.settle(3 * CLIENTS)
        away = time.monotonic()
        tcp_proxy.become(state)
        await asyncio.sleep(AWAY)
        back = time.monotonic()
        tcp_proxy.become(State.WHOLE)
        await asyncio.sleep(8)
        load.stopped = True
        await asyncio.gather(*clients)

    log = (tmp_path / "serve.log").read_text("utf-8")
    # Answers may be on their way as it goes away, and a request that hangs may end after it is back, and then succeed.
    ends = [(begun + seconds, status) for begun, status, seconds in load.answers]
    assert {status for end, status in ends if away + 1 < end < back} == {503}
    assert set(load.statuses(back + 3, back + 8)) == {200}
    assert max(seconds for _, _, seconds in load.answers) < DEADLINE + 1
    assert "unexpected error" not in log
    assert [log.count(event) for event in ("outage began", "outage ended")] == [1, 1]
    assert log.count("part=database") == 2
    assert f"host=127.0.0.1:{tcp_proxy.port}" in log
