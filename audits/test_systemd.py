"""`serve` and `worker` as systemd runs them: a passed socket, a notification socket, a watchdog; and the units."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from audits.conftest import _found as found
from tests.process.serving import ROOT, clean_environment

UNITS = ROOT / "deploy/systemd"
SECONDS = 30.0


@pytest.fixture
def notifications(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(SECONDS)
        yield receiver


def test_serve_takes_the_socket_that_systemd_passes_and_says_when_it_is_ready(
    migrated: Path, notifications: socket.socket
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with _started(migrated, listening, "serve", PORT="1") as process:
            ready = notifications.recv(100)
            answer = httpx2.get(f"http://127.0.0.1:{port}/graphql?query={{__typename}}")
            process.terminate()
            output, errors = process.communicate(timeout=SECONDS)

    assert ready == b"READY=1"
    assert answer.json() == {"data": {"__typename": "Query"}}
    assert output.startswith(f"Serving     http://127.0.0.1:{port}/graphql"), errors
    assert process.returncode == 0


def test_serve_refuses_a_socket_that_nobody_can_connect_to(migrated: Path) -> None:
    with socket.socket() as idle, _started(migrated, idle, "serve") as process:
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert errors.endswith("the passed socket must be a TCP socket: use ListenStream= with a port, and Accept=no.\n")


def test_the_worker_says_when_it_is_ready_and_that_it_lives(migrated: Path, notifications: socket.socket) -> None:
    with _started(migrated, None, "worker", WATCHDOG_USEC="200000") as process:
        messages = [notifications.recv(100) for _ in range(4)]
        process.terminate()
        process.communicate(timeout=SECONDS)

    assert messages == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    assert process.returncode == 0


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    analyze = found("systemd-analyze", "systemd")
    for unit in UNITS.glob("*.*"):
        text = unit.read_text("utf-8").replace("/opt/timbrado-accounts/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    services = sorted(tmp_path.glob("*.service"))

    verified = _run(analyze, "verify", *map(str, [*services, *tmp_path.glob("*.socket")]))
    exposed = {
        unit.name: _run(analyze, "security", "--offline=true", "--no-pager", str(unit)).stdout for unit in services
    }

    assert len(services) == 3
    own = [line for line in verified.stderr.splitlines() if "timbrado" in line]
    assert (verified.returncode, own) == (0, [])
    levels = {name: re.findall(r"exposure level .*: ([0-9.]+)", text) for name, text in exposed.items()}
    assert {name: level for name, [level] in levels.items() if float(level) > 2.0} == {}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True)


def _started(data: Path, passed: socket.socket | None, command: str, **more: str) -> subprocess.Popen[str]:
    """Starts a command as systemd does: the socket is descriptor 3, and the variables name the process."""
    names = {"NOTIFY_SOCKET": str(data / "notify"), "DATA_DIR": str(data), **more}
    prepare, descriptors = "", [passed.fileno()] if passed else []
    if passed:
        prepare = f"exec 3<&{passed.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; "
    shell = f"{prepare}exec {sys.executable} -m app {command}"
    return subprocess.Popen(
        ["/bin/bash", "-c", shell],
        cwd=ROOT,
        env=clean_environment(**names),
        pass_fds=descriptors,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
