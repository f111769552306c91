"""Runs Redis servers that an audit may kill, suspend and demote."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from audits.ports import free_port

PASSWORD = "a-password-of-redis"


@dataclass
class RedisServer:
    command: list[str]
    port: int
    process: Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(*self.command, stdout=PIPE)
        assert self.process.stdout
        async with asyncio.timeout(10):
            while b"Ready to accept connections" not in (line := await self.process.stdout.readline()):
                assert line, "redis-server ended"

    async def end(self) -> None:
        """Kills the process, and with it every connection and count."""
        if self.process:
            self.process.kill()
            await self.process.communicate()
            self.process = None

    def suspend(self) -> None:
        """Makes it hang; the system still accepts connections for it."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    async def demote(self, primary: "RedisServer") -> None:
        """Makes it a replica, which refuses writes. Its connections stay."""
        async with Redis(port=self.port, password=PASSWORD) as client:
            await client.replicaof("127.0.0.1", primary.port)


@contextlib.asynccontextmanager
async def redis_server(path: str, folder: Path) -> AsyncIterator[RedisServer]:
    """Yields a server that keeps nothing on the disk."""
    port = free_port()
    options = {
        "--port": str(port),
        "--bind": "127.0.0.1",
        "--requirepass": PASSWORD,
        "--masterauth": PASSWORD,
        "--save": "",
        "--dir": str(folder),
    }
    server = RedisServer([path, *(word for option in options.items() for word in option)], port)
    await server.start()
    try:
        yield server
    finally:
        await server.end()
