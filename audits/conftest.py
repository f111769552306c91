"""The programs that audits need besides Python, and the tests' fixtures for databases and the API."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import (
    database,
    limits_in,
    make_api,
    no_authorities,
    paypal,
    postgresql_url,
    redis_server,
    sqlite_template,
    stores,
)
from tests.databases import copied
from tests.process.conftest import mailbox, migrated, smtp
from tests.process.serving import ROOT

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
    "packed_client",
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

CLIENT = ROOT / "clients/typescript"
_FOLDER = ROOT / "audits/node"

# These begin first, so that no process is left alone with one of them at the end. The others follow by name.
_LONGEST = (
    "test_web_app",
    "test_redis_away",
    "test_restore",
    "test_browser",
    "test_many_nodes",
    "test_timing",
    "test_connections",
    "test_crashes",
    "test_event_loops",
    "test_database_away",
    "test_typescript_client",
    "test_page_examples",
    "test_node_examples",
    "test_python_client",
    "test_rolling_restart",
    "test_drills",
    "test_payment_schedules",
    "test_schemathesis",
    "test_pgbouncer",
    "test_stuck_requests",
    "test_invoice_machine",
    "test_onboarding_machine",
)

RunScript = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@pytest.fixture
def database_url(stores: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database, whatever the processes of another audit have left in PostgreSQL's."""
    if "postgresql" not in stores:
        return copied(request.getfixturevalue("sqlite_template"), tmp_path)
    url: str = request.getfixturevalue("postgresql_url")
    asyncio.run(_empty(url))
    return url


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetchval(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
        )
        await connection.execute(f"TRUNCATE {tables}")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def npm() -> str:
    """Returns the path of npm, which comes with Node.js."""
    return _found("npm", "npm")


@pytest.fixture(scope="session")
def run_script(npm: str) -> RunScript:
    """Returns a function that runs a script of audits/node/; the script keeps the `inherited` file descriptors."""
    node = _found("node", "nodejs")
    install(_FOLDER)

    def run(script: str, *arguments: str, inherited: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        command = [node, "--test-reporter=spec", script, *arguments]
        return subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, pass_fds=inherited)

    return run


@dataclass(frozen=True)
class PackedClient:
    """The package of clients/typescript, as npm packs it, and the paths in it."""

    tarball: Path
    files: set[str]


@pytest.fixture(scope="session")
def packed_client(npm: str, tmp_path_factory: pytest.TempPathFactory) -> PackedClient:
    """Builds and packs the client once for all processes of pytest-xdist; its folder has its dist/ then."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "client"
    output = folder / "packed.json"
    with exclusively(CLIENT):
        if not output.exists():
            folder.mkdir(exist_ok=True)
            install(CLIENT)
            shutil.rmtree(CLIENT / "dist", ignore_errors=True)
            command = [npm, "pack", "--json", "--silent", "--pack-destination", str(folder)]
            run = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr
            output.write_text(run.stdout, "utf-8")
        [packed] = json.loads(output.read_text("utf-8"))
    return PackedClient(folder / packed["filename"], {file["path"] for file in packed["files"]})


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


def install(folder: Path) -> None:
    """Installs the packages of the folder's lock, once for all processes of pytest-xdist."""
    with (folder / "package-lock.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        subprocess.run(["/bin/sh", "scripts/install_packages.sh", str(folder)], cwd=ROOT, check=True)


def environment(folder: Path, lock: Path) -> str:
    """Returns the Python of a new virtual environment with the packages of the lock."""
    python = str(folder / "bin/python")
    install = ("install", "-q", "--no-compile", "--require-hashes", "-r", str(lock))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True)
    return python
