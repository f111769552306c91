"""How `serve` ends: what is under way is answered, and one worker process takes the others along."""

import asyncio
import os
import signal
from pathlib import Path

import httpx2
import pytest

from tests.process.serving import ROOT, serving

LOGIN = (ROOT / "graphql/operations/Login.graphql").read_text("utf-8")


async def _login(client: httpx2.AsyncClient, url: str, number: int) -> int:
    variables = {"input": {"email": f"nobody{number}@example.com", "password": "una frase larga"}}
    response = await client.post(f"{url}/graphql", json={"query": LOGIN, "variables": variables})
    return response.status_code


async def test_requests_under_way_are_answered_after_sigterm(tmp_path: Path) -> None:
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


def test_two_worker_processes_serve_and_end_together(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        answers = [httpx2.get(f"{url}/graphql?query={{__typename}}").json() for _ in range(10)]

        process.send_signal(signal.SIGTERM)
        status = process.wait(30)

    assert answers == [{"data": {"__typename": "Query"}}] * 10
    assert status == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_a_worker_process_that_is_killed_takes_the_others_along(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        httpx2.get(f"{url}/graphql?query={{__typename}}").raise_for_status()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()

        os.kill(int(children[0]), signal.SIGKILL)

        assert process.wait(30) == signal.SIGKILL
