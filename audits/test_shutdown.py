"""`serve` drains and finishes its requests before it ends, and replaces a process that dies."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import httpx2
import pytest

from app.operations import OPERATIONS
from tests.process.serving import CHEAP_ARGON2, serving, serving_aside

LOGIN = OPERATIONS["Login"]
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")

Trace = Callable[[str, object], Awaitable[None]]


async def _login(client: httpx2.AsyncClient, url: str, number: int, trace: Trace | None = None) -> int:
    variables = {"input": {"email": f"nobody{number}@example.com", "password": "una frase larga"}}
    extensions = {"trace": trace} if trace else {}
    response = await client.post(f"{url}/graphql", json={"query": LOGIN, "variables": variables}, extensions=extensions)
    return response.status_code


@contextlib.contextmanager
def _busy(pid: int) -> Iterator[None]:
    """Leaves the process a tenth of one core."""
    core = min(os.sched_getaffinity(pid))
    os.sched_setaffinity(pid, {core})
    code = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
    others = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(9)]
    try:
        for other in others:
            assert other.stdout
            other.stdout.readline()
        yield
    finally:
        for other in others:
            other.kill()
            other.communicate()


def _releasing(sent: asyncio.Semaphore) -> Trace:
    """Releases the semaphore once a request is sent."""

    async def notice(event: str, _: object) -> None:
        if event == "http11.send_request_body.complete":
            sent.release()

    return notice


async def _statuses_of_logins_before_sigterm(url: str, process: subprocess.Popen[str], logins: int) -> list[int]:
    """Sends the signal once each login has been sent on a connection of its own, to a process that has started."""
    async with httpx2.AsyncClient(verify=False, timeout=30) as client:
        await client.get(f"{url}/health/live")
        sent = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(_login(client, url, number, _releasing(sent))) for number in range(logins)]
        for _ in tasks:
            await sent.acquire()
        process.send_signal(signal.SIGTERM)
        return await asyncio.gather(*tasks)


async def test_requests_in_progress_are_answered_after_sigterm(tmp_path: Path) -> None:
    with serving(tmp_path, LIMIT_LOGIN_CAPTCHA="1000/hour") as (url, process):
        statuses = await _statuses_of_logins_before_sigterm(url, process, 50)
        status = await asyncio.to_thread(process.wait, 30)

    assert statuses == [200] * 50
    assert status == 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is set on Linux alone")
async def test_connections_that_a_busy_machine_has_not_accepted_at_sigterm_are_answered(tmp_path: Path) -> None:
    with serving(tmp_path, LIMIT_LOGIN_CAPTCHA="1000/hour", **CHEAP_ARGON2) as (url, process), _busy(process.pid):
        statuses = await _statuses_of_logins_before_sigterm(url, process, 30)
        status = await asyncio.to_thread(process.wait, 60)

    assert statuses == [200] * 30
    assert status == 0


async def test_requests_that_nobody_has_read_at_sigterm_are_answered(tmp_path: Path) -> None:
    sent = asyncio.Semaphore(0)

    with serving(tmp_path, LIMIT_LOGIN_CAPTCHA="1000/hour") as (url, process):
        async with httpx2.AsyncClient(verify=False, timeout=30) as client:
            await asyncio.gather(*(_login(client, url, number) for number in range(10)))  # opens connections
            await asyncio.sleep(0.2)  # until the process is idle
            process.send_signal(signal.SIGSTOP)
            logins = [asyncio.create_task(_login(client, url, number, _releasing(sent))) for number in range(20)]
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


async def test_a_node_says_that_it_drains_and_goes_on_answering_until_it_ends(tmp_path: Path) -> None:
    async with serving_aside(tmp_path, DRAIN_SECONDS="5") as (url, process), httpx2.AsyncClient(verify=False) as http:
        before = await http.get(f"{url}/health/ready")
        process.send_signal(signal.SIGTERM)
        while (ready := await http.get(f"{url}/health/ready")).status_code == 200:
            await asyncio.sleep(0.05)
        live = await http.get(f"{url}/health/live")
        answer = await http.get(f"{url}/graphql?query={{__typename}}")
        status = await asyncio.to_thread(process.wait, 30)

    assert (before.status_code, ready.status_code, live.status_code, answer.status_code) == (200, 503, 200, 200)
    assert ready.json()["parts"]["draining"] == "yes"
    assert "connection" not in before.headers
    assert answer.headers["connection"] == "close"
    assert status == 0


async def test_no_connection_is_reset_while_the_node_stops(tmp_path: Path) -> None:
    """Clients open a connection for each request, until it is refused or its handshake is not answered."""
    async with serving_aside(tmp_path, DRAIN_SECONDS="0.5") as (url, process):
        port = int(url.rpartition(":")[2])
        clients = [asyncio.create_task(_request_until_refused(port, slowly=n % 2 == 0)) for n in range(40)]
        await asyncio.sleep(1)

        process.send_signal(signal.SIGTERM)

        answered = await asyncio.gather(*clients)
        stopped = time.monotonic()
        assert await asyncio.to_thread(process.wait, 30) == 0

    assert time.monotonic() - stopped < 5
    assert sum(answered) > 100


async def _request_until_refused(port: int, *, slowly: bool) -> int:
    """Returns how many requests were answered, which are all whose connection was accepted."""
    for answered in count():
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 0.9)
        except (ConnectionRefusedError, TimeoutError):
            return answered
        if slowly:
            await asyncio.sleep(0.3)
        writer.write(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        writer.close()
    raise AssertionError("count() does not end")


@pytest.mark.parametrize(("workers", "second"), [(1, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_second_signal_ends_a_node_at_once(tmp_path: Path, workers: int, second: signal.Signals) -> None:
    with serving(tmp_path, DRAIN_SECONDS="60", WORKERS=str(workers)) as (url, process):
        httpx2.get(f"{url}/health/live").raise_for_status()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        httpx2.get(f"{url}/health/live").raise_for_status()
        process.send_signal(second)

        assert process.wait(30) != 0  # half of the drain
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{url}/health/live")


@NEEDS_PROC
def test_a_killed_process_is_replaced_and_sigterm_still_ends_all(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        httpx2.get(f"{url}/health/live").raise_for_status()
        before = _children(process.pid)

        os.kill(before[0], signal.SIGKILL)
        _eventually(lambda: len(_children(process.pid)) == 2 and before[0] not in _children(process.pid))
        answers = [httpx2.get(f"{url}/health/live").status_code for _ in range(20)]
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)

    log = (tmp_path / "serve.log").read_text("utf-8")
    assert answers == [200] * 20
    assert status == 0
    assert log.count("process ended, another starts") == 1
    assert "SIGKILL" in log


@NEEDS_PROC
def test_processes_that_end_too_often_are_not_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (_, process):
        killed = set[int]()
        while process.poll() is None:
            for child in set(_children(process.pid)) - killed:
                killed.add(child)
                os.kill(child, signal.SIGKILL)
            time.sleep(0.05)

    log = (tmp_path / "serve.log").read_text("utf-8")
    assert process.returncode == signal.SIGKILL
    assert log.count("process ended, another starts") == 5
    assert log.count("processes end too often, so all end") == 1


@NEEDS_PROC
def test_processes_end_if_their_parent_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path, WORKERS="2") as (url, process):
        httpx2.get(f"{url}/health/live").raise_for_status()
        children = _children(process.pid)

        process.kill()

        _eventually(lambda: not any(Path(f"/proc/{child}/environ").exists() for child in children))


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]
    except OSError:
        return []


def _eventually(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
