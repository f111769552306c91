"""A wire to a server on this machine that can be cut, and mended."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379}


def at_port(port: int, url: str) -> str:
    """Returns the same URL, with its credentials, at that port of 127.0.0.1."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{port}"))


class State(enum.Enum):
    """REFUSED drops every connection; HUNG keeps them, and lets nothing through."""

    WHOLE = "whole"
    REFUSED = "refused"
    HUNG = "hung"


class TcpProxy:
    """Listens on `port` of 127.0.0.1 and carries what comes to the server and back."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._generation = 0
        self._refuses_next = False
        self._state = State.WHOLE
        self._whole = asyncio.Event()
        self._whole.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @classmethod
    def to(cls, url: str) -> "TcpProxy":
        """Leads to the server of that URL."""
        parts = urlsplit(url)
        return cls(parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme])

    def url_of(self, url: str) -> str:
        """Returns the same URL through the proxy."""
        return at_port(self.port, url)

    def become(self, state: State) -> None:
        self._state = state
        if state is State.WHOLE:
            self._whole.set()
        else:
            self._whole.clear()
        if state is State.REFUSED:
            self._drop()

    def lead_to(self, host: str, port: int) -> None:
        """Carries new connections to another server. Those that exist stay with the old one."""
        self._far = (host, port)

    def refuse_next(self) -> None:
        """Refuses only the next connection."""
        self._refuses_next = True

    def lose(self) -> None:
        """Lets nothing more through the connections that exist, and closes none, as when a firewall forgets them."""
        self._generation += 1

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator["TcpProxy"]:
        listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.become(State.REFUSED)
            listening.close()
            await asyncio.sleep(0)

    async def _connect(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._state is State.REFUSED or self._refuses_next:
            self._refuses_next = False
            near.close()
            return
        try:
            far_reader, far = await asyncio.open_connection(*self._far)
        except OSError:
            near.transport.abort()
            return
        self._writers |= {near, far}
        generation = self._generation
        try:
            await asyncio.gather(self._carry(near_reader, far, generation), self._carry(far_reader, near, generation))
        finally:
            self._writers -= {near, far}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, generation: int) -> None:
        with suppress(ConnectionError):
            while content := await reader.read(65_536):
                if generation < self._generation:
                    continue
                if self._state is State.HUNG:
                    await self._whole.wait()
                writer.write(content)
                await writer.drain()
        writer.close()

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._whole.set()
