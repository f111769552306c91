"""Runs PgBouncer as Debian ships it, in front of the tests' PostgreSQL."""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from audits.ports import free_port
from tests.tcp_proxy import at_port

# Debian's configuration with another port, folder and users. The service needs no further settings.
_SETTINGS = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
"""


@dataclass
class PgBouncer:
    command: list[str]
    port: int
    process: Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(*self.command, stderr=PIPE)
        assert self.process.stderr
        async with asyncio.timeout(10):
            while b"process up" not in (line := await self.process.stderr.readline()):
                assert line, "pgbouncer ended"

    async def end(self) -> None:
        """Kills the process, and with it every connection."""
        if self.process:
            self.process.kill()
            await self.process.communicate()
            self.process = None

    def url_of(self, database_url: str) -> str:
        """Returns the URL of the same database through PgBouncer."""
        return at_port(self.port, database_url)


@contextlib.asynccontextmanager
async def pgbouncer(path: str, folder: Path, database_url: str) -> AsyncIterator[PgBouncer]:
    parts, port = urlsplit(database_url), free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(_settings(parts, port, folder), "utf-8")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # PgBouncer refuses to run as root
    bouncer = PgBouncer([path, *user, str(settings)], port)
    await bouncer.start()
    try:
        yield bouncer
    finally:
        await bouncer.end()


def _settings(server: SplitResult, listen_port: int, folder: Path) -> str:
    users = folder / "users.txt"
    users.write_text(f'"{server.username}" "{server.password or ""}"\n', "utf-8")
    host, port = server.hostname or "127.0.0.1", server.port or 5432
    return _SETTINGS.format(host=host, port=port, listen_port=listen_port, users=users)
