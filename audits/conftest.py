"""The programs that audits need besides Python, and the tests' fixtures for databases and the API."""

import contextlib
import fcntl
import filecmp
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import (
    database,
    database_url,
    limits_in,
    make_api,
    no_authorities,
    paypal,
    postgresql_url,
    redis_server,
    sqlite_template,
    stores,
)
from tests.process.conftest import mailbox, migrated, smtp

__all__ = [
    "caddy_path",
    "chromium",
    "database",
    "database_url",
    "limits_in",
    "mailbox",
    "make_api",
    "migrated",
    "nginx_path",
    "no_authorities",
    "npm",
    "paypal",
    "pgbouncer_path",
    "postgresql_url",
    "redis_path",
    "redis_server",
    "run_script",
    "smtp",
    "sqlite_template",
    "stores",
]

_FOLDER = Path(__file__).parent / "node"

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def npm() -> str:
    """Returns the path of npm, which comes with Node.js."""
    return _found("npm", "npm")


@pytest.fixture(scope="session")
def run_script(npm: str) -> RunScript:
    """Returns a function that runs a script of audits/node/; the script keeps the `inherited` file descriptors."""
    node = _found("node", "nodejs")
    _install(npm)

    def run(script: str, *arguments: str, inherited: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        command = [node, "--test-reporter=spec", script, *arguments]
        return subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, pass_fds=inherited)

    return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """Returns the path of Chromium."""
    return _found("chromium", "chromium")


@pytest.fixture(scope="session")
def pgbouncer_path() -> str:
    return _found("pgbouncer", "pgbouncer", "/usr/sbin")


@pytest.fixture(scope="session")
def promtool() -> str:
    return _found("promtool", "prometheus")


@pytest.fixture(scope="session")
def nginx_path() -> str:
    return _found("nginx", "nginx-light", "/usr/sbin")


@pytest.fixture(scope="session")
def caddy_path() -> str:
    return _found("caddy", "caddy")


@pytest.fixture(scope="session")
def redis_path() -> str:
    return _found("redis-server", "redis-server")


def _found(command: str, package: str, also_in: str = "") -> str:
    """Returns the path of a command. If it is missing, skips the audit, or fails it in CI."""
    path = shutil.which(command) or shutil.which(command, path=also_in)
    if path is None:
        sentence = f"this audit needs {command}: apt install {package}"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return path


@contextlib.contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Lets one process of pytest-xdist at a time install and build in the folder of a Node.js package."""
    with (folder / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _install(npm: str) -> None:
    """Installs the packages of the lock, once for all processes of pytest-xdist."""
    lock, installed = _FOLDER / "package-lock.json", _FOLDER / "node_modules/installed.lock"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (installed.exists() and filecmp.cmp(lock, installed, shallow=False)):
            quietly = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run([npm, "ci", *quietly], cwd=_FOLDER, check=True)
            shutil.copyfile(lock, installed)
