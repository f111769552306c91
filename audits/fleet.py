"""A fleet of nodes: `serve` and `worker` processes that share a database, keys, limits and a mail server."""

import asyncio
import contextlib
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2

from app.operations import OPERATIONS
from tests.api import PRODUCTION
from tests.forms import PASSWORD, RFC
from tests.process.serving import CHEAP_ARGON2, ROOT, WITHOUT_LIMITS, clean_environment

Command = Literal["serve", "worker"]

_END_SECONDS = 30.0  # after SIGTERM


@dataclass(eq=False)
class Node:
    """A process that logs to `log`. `url` is set once a `serve` listens."""

    process: Process
    log: Path
    url: str = ""

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ready(self) -> None:
        """Returns when the process serves or works, or when it has ended before that."""
        assert self.process.stdout
        line = (await self.process.stdout.readline()).decode()
        self.url = line.split()[1].removesuffix("/graphql") if line.startswith("Serving") else ""

    def kill(self) -> None:
        if self.alive:
            self.process.kill()

    async def leave(self) -> int:
        """Sends SIGTERM to the process and returns its exit status."""
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), _END_SECONDS)


@dataclass
class Fleet:
    folder: Path
    environment: Mapping[str, str]
    nodes: list[Node] = field(default_factory=list)

    async def start(self, command: Command, **changes: str) -> Node:
        """Starts a node and returns before it is ready."""
        log = self.folder / f"{command}-{len(self.nodes)}.log"
        with log.open("w") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app", command),
                cwd=ROOT,
                env=clean_environment(**{**self.environment, **changes}),
                stdout=PIPE,
                stderr=stderr,
            )
        node = Node(process, log)
        self.nodes.append(node)
        return node

    async def join(self, command: Command, **changes: str) -> Node:
        """Starts a node and returns once it is ready."""
        node = await self.start(command, **changes)
        await node.ready()
        assert node.alive, node.log.read_text("utf-8")
        return node


class Slot:
    """Holds one node after another."""

    def __init__(self, fleet: Fleet, command: Command, node: Node) -> None:
        self._fleet = fleet
        self._command = command
        self._take(node)

    async def crash(self) -> None:
        """Kills the node and starts another one."""
        assert self.node.alive, self.node.log.read_text("utf-8")
        self.node.kill()
        await self.node.process.wait()
        self._take(await self._fleet.start(self._command))

    async def leave(self) -> None:
        status = await self.node.leave()
        assert status in {0, -signal.SIGTERM}, self.node.log.read_text("utf-8")  # -SIGTERM during its start

    def _take(self, node: Node) -> None:
        self.node = node
        self._ready = asyncio.create_task(node.ready())


@contextlib.asynccontextmanager
async def fleet(folder: Path, database_url: str, smtp_port: int, **changes: str) -> AsyncIterator[Fleet]:
    """Yields a fleet without nodes, configured as in production but with high limits, cheap hashes and `changes`.

    Nodes do not drain unless `changes` say so: no load balancer has to notice that they leave.
    Kills the remaining nodes at the end.
    """
    own = {"DATABASE_URL": database_url, "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}", "DATA_DIR": str(folder)}
    production = {name.upper(): value for name, value in PRODUCTION.items()}
    own |= {"NAMING_KEY": secrets.token_hex(32)}  # unique, so that fleets do not share counters in Redis
    fleet = Fleet(
        folder, {**production, **WITHOUT_LIMITS, **CHEAP_ARGON2, "PORT": "0", "DRAIN_SECONDS": "0", **own, **changes}
    )
    try:
        yield fleet
    finally:
        for node in fleet.nodes:
            node.kill()
        await asyncio.gather(*(node.process.communicate() for node in fleet.nodes))


async def send(
    http: httpx2.AsyncClient, node: Node, operation: str, *, token: str = "", trace: Any = None, **input: Any
) -> httpx2.Response:
    """Posts one of our operations; httpx2 reports the request's progress to `trace`."""
    return await http.post(
        f"{node.url}/graphql",
        json={"query": OPERATIONS[operation], "variables": {"input": input} if input else {}},
        headers={"authorization": f"Bearer {token}"} if token else {},
        extensions={"trace": trace} if trace else {},
    )


async def run(http: httpx2.AsyncClient, node: Node, operation: str, *, token: str = "", **input: Any) -> Any:
    """Runs an operation and returns the value of its only root field."""
    response = await send(http, node, operation, token=token, **input)
    body = response.json()
    assert "errors" not in body, body
    (value,) = body["data"].values()
    return value


def form(email: str) -> dict[str, str]:
    """Returns the input of step 1 for an e-mail."""
    return {"rfc": RFC, "email": email, "password": PASSWORD, "passwordConfirmation": PASSWORD}
