"""An upgrade to the next release, and the way back, by the steps of docs/upgrading.md: no request fails.

The next release is this tree with a higher version, and with a migration that adds a column, which its code fills, and
an index to a table of `ROWS` rows.
"""

import asyncio
import contextlib
import itertools
import json
import re
import shutil
import ssl
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from app.operations import OPERATIONS
from app.version import version
from audits.fleet import Fleet, Node, fleet, form
from audits.ports import free_port
from audits.test_rolling_restart import NAME, nginx, stores
from tests.api import found
from tests.forms import PASSWORD
from tests.process.serving import ROOT, clean_environment
from tests.smtp_servers import SoundServer, sound_server

__all__ = ["stores"]

RELEASED = ("app", "graphql", "locales", "models", "pyproject.toml", "resolvers", "schema", "services")
ROWS = 100_000
CLIENTS = 3
PAUSE = 0.5  # seconds between two rounds of a client, so that the worker keeps up with their mails
SECONDS = 30.0
OLD, NEW = version(), "99.0.0"
NEWEST = max(path.stem for path in (ROOT / "models/migrations").glob("0*.py"))
NEXT = f"{int(NEWEST[:4]) + 1:04}_next_release"
MIGRATION = f"""
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '{NEWEST}')]

    initial = False

    operations = [
        AddColumn(model_name='Account', name='release', field=fields.CharField(null=True, max_length=20)),
        ops.AddIndex(model_name='Account', index=Index(fields=['created_at'])),
    ]
"""
FILL = """
INSERT INTO account (id, email_key, email, rfc, password_generation, language, created_at, confirmed_at)
SELECT gen_random_uuid(), 'row' || n || '@example.com', 'row' || n || '@example.com', 'EKU9003173C9', 1, 'es', now(),
  now() FROM generate_series(1, $1::int) AS n
"""


@dataclass
class Load:
    """Clients that create accounts, log in, read and log out, each with an account of its own."""

    http: httpx2.AsyncClient
    smtp: SoundServer
    answers: Counter[str] = field(default_factory=Counter)
    stopped: bool = False

    async def run(self, client: int) -> None:
        await self.register(f"client{client}@example.com")
        for number in itertools.count():
            if self.stopped:
                return
            await self.send("CreateAccount", **form(f"client{client}-{number}@example.com"))
            answer = await self.send("Login", email=f"client{client}@example.com", password=PASSWORD)
            token = answer["login"]["token"] if answer else ""
            await self.send("Me", token)
            await self.send("Logout", token)
            await asyncio.sleep(PAUSE)

    async def register(self, email: str) -> None:
        """Creates an account and confirms it with the code that a worker sends."""
        await self.send("CreateAccount", **form(email))
        async with asyncio.timeout(SECONDS):
            while not (mails := [mail for mail in self.smtp.mails if mail.recipients[0] == email]):
                await asyncio.sleep(0.05)
        await self.send("ConfirmAccount", code=found(r"\b[2-9A-Z]{40}\b", mails[0].message))

    async def send(self, operation: str, token: str = "", **input: Any) -> Any:
        body = {"query": OPERATIONS[operation], "variables": {"input": input} if input else {}}
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self.http.post("/graphql", json=body, headers=headers)
        except httpx2.HTTPError as error:
            self.answers[f"{operation}: {error!r}"] += 1
            return None
        answer = response.json() if response.headers["content-type"].startswith("application/") else {}
        data = answer.get("data") or {}
        ((value,),) = [tuple(data.values()) or (None,)]
        well = response.status_code == 200 and "errors" not in answer and value
        self.answers[f"{operation}: {value.get('__typename') or 'Account'}" if well else response.text] += 1
        return data if well else None


async def test_no_request_fails_during_an_upgrade_and_the_way_back(
    nginx_path: str, database_url: str, tmp_path: Path
) -> None:
    new = _next_release(tmp_path / "next")
    connection = await asyncpg.connect(database_url)
    await connection.execute(FILL, ROWS)
    settings = {"DRAIN_SECONDS": "1", "TRUSTED_PROXIES": "1", "WORKER_IN_SERVE": "false", "ALLOWED_HOSTS": NAME}
    ports = [free_port(), free_port()]
    async with (
        sound_server() as smtp,
        fleet(tmp_path, database_url, smtp.port, **settings) as nodes,
        nginx(nginx_path, tmp_path, ports) as url,
        _client(url) as http,
        asyncio.TaskGroup() as clients,
    ):
        serves = list(await asyncio.gather(*(_join(nodes, ROOT, "serve", PORT=str(port)) for port in ports)))
        worker = await _join(nodes, ROOT, "worker")
        load = Load(http, smtp)
        for number in range(CLIENTS):
            clients.create_task(load.run(number))

        # To upgrade
        dump = tmp_path / "accounts.dump"
        backup = await _run(ROOT, nodes, "pg_dump", "--format=custom", f"--file={dump}", database_url)
        commands = (("doctor", "--json"), ("migrate", "--check"), ("serve",))
        doctor, check, too_early = await asyncio.gather(*(_app(new, nodes, *each) for each in commands))
        migrated = await _app(new, nodes, "migrate")
        for number, port in enumerate(ports):
            serves[number] = await _replace(nodes, serves[number], new, "serve", PORT=str(port))
        worker = await _replace(nodes, worker, new, "worker")
        await load.register("upgraded@example.com")
        upgraded = [*serves, worker]

        # To go back
        for number, port in enumerate(ports):
            serves[number] = await _replace(nodes, serves[number], ROOT, "serve", PORT=str(port))
        worker = await _replace(nodes, worker, ROOT, "worker")
        await load.register("back@example.com")
        filled = await connection.fetchval("SELECT count(*) FROM account WHERE release = $1", NEW)
        listed = await _app(new, nodes, "migrate", "--to", NEWEST)
        reverted = await _app(new, nodes, "migrate", "--to", NEWEST, "--yes")
        await load.register("reverted@example.com")
        load.stopped = True

    columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'release'"
    remaining = await connection.fetchval(columns)
    await connection.close()
    assert set(load.answers) == {
        "CreateAccount: CreateAccountSuccess",
        "ConfirmAccount: ConfirmAccountSuccess",
        "Login: LoginSuccess",
        "Me: Account",
        "Logout: LogoutSuccess",
    }, load.answers
    assert min(load.answers.values()) >= CLIENTS
    assert (backup[0], dump.stat().st_size > 0) == (0, True)
    (schema,) = (each for each in json.loads(doctor[1])["findings"] if each["check"] == "schema")
    assert (schema["state"], NEXT in schema["text"]) == ("problem", True)
    assert (check[0], too_early[0], migrated[0]) == (3, 1, 0)
    assert NEXT in check[2]
    assert {_started(node) for node in upgraded} == {NEW}
    assert {_started(node) for node in [*serves, worker]} == {OLD}
    assert "unexpected error" not in "".join(node.log.read_text("utf-8") for node in nodes.nodes)
    assert filled >= 1
    assert (listed[0], reverted[0], remaining) == (1, 0, 0)
    assert f"column account.release, with a value in {filled} rows" in listed[2]


def _next_release(folder: Path) -> Path:
    folder.mkdir()
    for name in RELEASED:
        copy: Any = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / name)
    (folder / f"models/migrations/{NEXT}.py").write_text(MIGRATION, "utf-8")
    _change(folder / "pyproject.toml", f'version = "{OLD}"', f'version = "{NEW}"')
    column = f'release = fields.CharField(max_length=20, null=True, default="{NEW}")'
    _change(folder / "models/account.py", "    class Meta:\n", f"    {column}\n\n    class Meta:\n")
    _change(folder / "models/account.py", '"account"\n', '"account"\n        indexes = [("created_at",)]\n')
    return folder


def _change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")


@contextlib.asynccontextmanager
async def _client(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    async with httpx2.AsyncClient(base_url=url, verify=tls, timeout=20, headers={"host": NAME}) as http:
        yield http


async def _join(nodes: Fleet, release: Path, command: str, **changes: str) -> Node:
    """Starts a node of a release and returns once it is ready, as `health` has it."""
    log = nodes.folder / f"node-{len(nodes.nodes)}.log"
    environment = clean_environment(**{**nodes.environment, **changes})
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", command), cwd=release, env=environment, stdout=PIPE, stderr=stderr
        )
    node = Node(process, log)
    nodes.nodes.append(node)
    await node.ready()
    assert node.alive, log.read_text("utf-8")
    if node.url:
        async with httpx2.AsyncClient(base_url=node.url) as http, asyncio.timeout(SECONDS):
            while (await http.get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)
    return node


async def _replace(nodes: Fleet, old: Node, release: Path, command: str, **changes: str) -> Node:
    assert await old.leave() == 0
    return await _join(nodes, release, command, **changes)


async def _app(release: Path, nodes: Fleet, *arguments: str) -> tuple[int | None, str, str]:
    return await _run(release, nodes, sys.executable, "-m", "app", *arguments)


async def _run(folder: Path, nodes: Fleet, *command: str) -> tuple[int | None, str, str]:
    """Returns the status of a command, and what it wrote."""
    environment = clean_environment(**nodes.environment)
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def _started(node: Node) -> str:
    """Returns the version that the node has logged."""
    (started,) = re.findall(r'^\{.*"event":"started".*\}$', node.log.read_text("utf-8"), re.MULTILINE)
    return str(json.loads(started)["version"])
