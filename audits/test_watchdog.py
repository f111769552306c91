"""`serve` notifies systemd's watchdog only while every event loop runs, and says when it stops."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from audits.test_systemd import SECONDS, notifications
from audits.test_systemd import _started as started

__all__ = ["notifications"]

WATCHDOG_SECONDS = 0.8
WATCHDOG_USEC = str(round(WATCHDOG_SECONDS * 1_000_000))
# Any process of the service then hangs at SIGUSR1, with its event loop in a call that does not return.
HANG = "import signal, time\nsignal.signal(signal.SIGUSR1, lambda *_: time.sleep(3600))\n"


@pytest.fixture
def hanging(tmp_path: Path) -> dict[str, str]:
    """The variables that make the service hang at SIGUSR1."""
    (tmp_path / "sitecustomize.py").write_text(HANG, "utf-8")
    return {"PYTHONPATH": str(tmp_path), "WATCHDOG_USEC": WATCHDOG_USEC}


def test_serve_reports_that_it_is_alive_until_its_event_loop_hangs(
    migrated: Path, notifications: socket.socket, hanging: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as port, started(migrated, port, "serve", **hanging) as process:
        begun = [notifications.recv(100) for _ in range(4)]
        _wait_until_served(port)
        process.send_signal(signal.SIGUSR1)
        silent = _falls_silent(notifications)
        process.kill()

    assert begun == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    assert silent


def test_the_parent_reports_only_while_all_processes_are_alive(
    migrated: Path, notifications: socket.socket, hanging: dict[str, str]
) -> None:
    more = {**hanging, "WORKERS": "2"}
    with socket.create_server(("127.0.0.1", 0)) as port, started(migrated, port, "serve", **more) as process:
        begun = [notifications.recv(100) for _ in range(12)]
        _wait_until_served(port)
        one, other = _children(process)
        os.kill(one, signal.SIGUSR1)
        silent = _falls_silent(notifications)
        os.kill(one, signal.SIGKILL)
        replaced = notifications.recv(100)
        (new,) = set(_children(process)) - {other}
        _wait_until_served(port)
        process.terminate()
        process.communicate(timeout=SECONDS)

    assert begun == [b"READY=1", *[b"WATCHDOG=1"] * 11]
    assert silent
    assert replaced == b"WATCHDOG=1"
    assert new != one
    assert process.returncode == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_says_that_it_ends_and_how_long_that_may_take(
    migrated: Path, notifications: socket.socket, workers: str
) -> None:
    more = {"WATCHDOG_USEC": WATCHDOG_USEC, "DRAIN_SECONDS": "3", "WORKERS": workers}
    with socket.create_server(("127.0.0.1", 0)) as port, started(migrated, port, "serve", **more) as process:
        _wait_until_served(port)
        _empty(notifications)
        process.terminate()
        heard = _heard_until_the_end(process, notifications)
        process.communicate(timeout=SECONDS)

    end = b"STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000"
    assert process.returncode == 0
    assert heard.count(end) == 1
    assert heard[heard.index(end) + 1 :].count(b"WATCHDOG=1") >= 3  # while it drains


def test_the_worker_says_that_it_ends(migrated: Path, notifications: socket.socket) -> None:
    with started(migrated, None, "worker") as process:
        ready = notifications.recv(100)
        process.terminate()
        process.communicate(timeout=SECONDS)

    assert (ready, notifications.recv(100)) == (b"READY=1", b"STOPPING=1")
    assert process.returncode == 0


def _wait_until_served(listening: socket.socket) -> None:
    """Returns once connections are answered, by whichever processes accept them."""
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/health/live"
    for _ in range(20):
        httpx2.get(url, timeout=SECONDS).raise_for_status()


def _children(process: subprocess.Popen[str]) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()]


def _falls_silent(notifications: socket.socket) -> bool:
    """Whether systemd would restart the service before long, since it hears nothing for as long as it allows."""
    notifications.settimeout(WATCHDOG_SECONDS)
    until = time.monotonic() + 4 * WATCHDOG_SECONDS
    try:
        while time.monotonic() < until:
            assert notifications.recv(100) == b"WATCHDOG=1"
    except TimeoutError:
        return True
    finally:
        notifications.settimeout(SECONDS)
    return False


def _empty(notifications: socket.socket) -> None:
    """Reads what has come so far: the socket holds only ten messages, and the next one would be lost."""
    notifications.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            notifications.recv(100)
    notifications.settimeout(SECONDS)


def _heard_until_the_end(process: subprocess.Popen[str], notifications: socket.socket) -> list[bytes]:
    """Returns all messages, which are read as they come: the socket holds only ten."""
    messages = []
    notifications.settimeout(WATCHDOG_SECONDS)
    while process.poll() is None:
        with contextlib.suppress(TimeoutError):
            messages.append(notifications.recv(100))
    return messages
