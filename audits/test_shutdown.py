"""`serve` finishes its requests before it ends; if one of its processes dies, it stops the others."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from app.operations import OPERATIONS
from tests.process.serving import serving

LOGIN = OPERATIONS["Login"]

Trace = Callable[[str, object], Awaitable[None]]


async def _login(client: httpx2.AsyncClient, url: str, number: int, trace: Trace | None = None) -> int:
    variables = {"input": {"email": f"nobody{number}@example.com", "password": "una frase larga"}}
    extensions = {"trace": trace} if trace else {}
    response = await client.post(f"{url}/graphql", json={"query": LOGIN, "variables": variables}, extensions=extensions)
    return response.status_code


async def test_requests_in_progress_are_answered_after_sigterm(tmp_path: Path) -> None:
    with serving(tmp_path, LIMIT_LOGIN_CAPTCHA="1000/hour") as (url, process):
        limits = httpx2.Limits(max_connections=60)
        async with httpx2.AsyncClient(limits=limits, timeout=30) as client:
            logins = [asyncio.create_task(_login(client, url, number)) for number in range(50)]
            await asyncio.sleep(0.4)

            process.send_signal(signal.SIGTERM)

            statuses = await asyncio.gather(*logins)
        status = await asyncio.to_thread(process.wait, 30)

    assert statuses == [200] * 50
    assert status == 0


async def test_requests_that_nobody_has_read_at_sigterm_are_answered(tmp_path: Path) -> None:
    sent = asyncio.Semaphore(0)

    async def notice(event: str, _: object) -> None:
        if event == "http11.send_request_body.complete":
            sent.release()

    with serving(tmp_path, LIMIT_LOGIN_CAPTCHA="1000/hour") as (url, process):
        async with httpx2.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(_login(client, url, number) for number in range(10)))  # opens connections
            await asyncio.sleep(0.2)  # until the process is idle
            process.send_signal(signal.SIGSTOP)
            logins = [asyncio.create_task(_login(client, url, number, notice)) for number in range(20)]
            for _ in logins:
                await sent.acquire()

            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)  # so that the short timers of the process are overdue
            process.send_signal(signal.SIGCONT)

            statuses = await asyncio.gather(*logins)
        status = await asyncio.to_thread(process.wait, 30)

    assert statuses == [200] * 20
    assert status == 0


@pytest.mark.parametrize("milliseconds", [200, 400, 600])
def test_a_signal_during_the_start_ends_the_server(tmp_path: Path, milliseconds: int) -> None:
    with serving(tmp_path) as (_, process):
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) in {0, -signal.SIGTERM}


def test_two_worker_processes_serve_and_end_together(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        answers = [httpx2.get(f"{url}/graphql?query={{__typename}}").json() for _ in range(10)]

        process.send_signal(signal.SIGTERM)
        status = process.wait(30)

    assert answers == [{"data": {"__typename": "Query"}}] * 10
    assert status == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_a_killed_worker_process_stops_the_others(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        httpx2.get(f"{url}/graphql?query={{__typename}}").raise_for_status()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()

        os.kill(int(children[0]), signal.SIGKILL)

        assert process.wait(30) == signal.SIGKILL
