"""Breaks one part of a running service at a time, and measures what reports it, where, and after how many seconds.

    .venv/bin/python -m audits.drills --database postgres://USER@HOST --redis redis://HOST:PORT/NUMBER [FAULT…]

prints a row of docs/drills.md for each fault. With --blind, it breaks a part at random, prints what the tools of
docs/operations.md say, and then waits for Enter before it names the fault and repairs it.

The service is two processes of `serve`, a worker, PostgreSQL, Redis, a mail server, PayPal, and a Prometheus with
deploy/prometheus/alerts.yaml, which scrapes every three seconds here. An alert counts once its expression holds;
Prometheus sends it after the time in its `for`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import secrets
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from app.operations import OPERATIONS
from audits.fleet import Fleet, Node, fleet, form
from audits.ports import free_port
from audits.test_health import wire
from tests.api import found
from tests.databases import database_of_its_own
from tests.forms import COMPANY, PASSWORD
from tests.paypal.server import paypal_server
from tests.process.serving import ROOT, clean_environment
from tests.smtp_servers import SoundServer, sound_server
from tests.tcp_proxy import State, TcpProxy

SECONDS = 60.0  # within which each fault must be reported, and the service must heal
_STARTED = 30.0
_PAUSE = 0.25
_TOOLS = {
    "ready": "`/health/ready`",
    "alert": "alert",
    "log": "log",
    "doctor": "`doctor`",
    "worker": "`health --worker`",
}
_FIELDS = ("part", "reason", "failed", "error", "signal", "call")  # of a line in the log that are shown here
_QUIET = {"request", "started", "stopped", "mail delivered", "settings"}
_NEWEST = max(path.stem for path in (ROOT / "models/migrations").glob("0*.py"))


@dataclass
class Site:
    nodes: Fleet
    database_url: str
    database: TcpProxy
    redis: TcpProxy
    mail: TcpProxy
    paypal: TcpProxy
    serve: Node
    worker: Node
    prometheus: str
    smtp: SoundServer

    async def app(self, *arguments: str) -> tuple[int | None, str]:
        """Returns the status of a command, and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", *arguments),
            cwd=ROOT,
            env=clean_environment(**self.nodes.environment),
            stdout=PIPE,
            stderr=PIPE,
        )
        output, errors = await process.communicate()
        return process.returncode, (output + errors).decode()

    def log(self) -> list[str]:
        """Returns the lines that every node has logged, the newest node's last."""
        return [line for node in self.nodes.nodes for line in node.log.read_text("utf-8").splitlines()]


Break = Callable[[Site], contextlib.AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """What is broken, and what must report it: for each tool, a pattern of what it then says."""

    name: str
    breaks: Break
    reports: Mapping[str, str]


@dataclass
class Drill:
    """What each tool reported, and after how many seconds; what clients got; and how long it took to heal."""

    fault: Fault
    reported: dict[str, tuple[float, str]] = field(default_factory=dict)
    clients: Counter[str] = field(default_factory=Counter)
    healed: float = 0.0

    @property
    def unreported(self) -> set[str]:
        return self.fault.reports.keys() - self.reported.keys()


def _wire(name: str, state: State) -> Break:
    @contextlib.asynccontextmanager
    async def breaks(site: Site) -> AsyncIterator[None]:
        proxy: TcpProxy = getattr(site, name)
        proxy.become(state)
        yield
        proxy.become(State.WHOLE)

    return breaks


@contextlib.asynccontextmanager
async def _worker_killed(site: Site) -> AsyncIterator[None]:
    port = site.nodes.environment["METRICS_PORT_OF_WORKER"]
    site.worker.kill()
    await site.worker.process.wait()
    yield
    site.worker = await site.nodes.join("worker", METRICS_PORT=port)


@contextlib.asynccontextmanager
async def _worker_hangs(site: Site) -> AsyncIterator[None]:
    site.worker.process.send_signal(signal.SIGSTOP)
    yield
    site.worker.process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def _child_killed(site: Site) -> AsyncIterator[None]:
    os.kill(_children(site.serve)[0], signal.SIGKILL)
    yield


@contextlib.asynccontextmanager
async def _schema_behind(site: Site) -> AsyncIterator[None]:
    """Makes the newest migration pending, as if an older backup was restored."""
    connection = await asyncpg.connect(site.database_url)
    await connection.execute("UPDATE tortoise_migrations SET name = 'x' || name WHERE name = $1", _NEWEST)
    yield
    await connection.execute("UPDATE tortoise_migrations SET name = $1 WHERE name = 'x' || $1", _NEWEST)
    await connection.close()


_DATABASE = {
    "ready": "database failed",
    "alert": "AccountsPartAway database",
    "log": "outage began part=database",
    "doctor": "problem +database ",
    "worker": "cannot read the heartbeats",
}
_REDIS = {
    "ready": "limits failed",
    "alert": "AccountsPartAway redis",
    "log": "outage began part=redis",
    "doctor": "problem +redis ",
}
_SMTP = {"alert": "AccountsPartAway smtp", "log": "outage began part=smtp", "doctor": "problem +smtp "}
_PAYPAL = {"log": "paypal away", "doctor": "problem +paypal "}
FAULTS = (
    Fault("PostgreSQL refuses connections", _wire("database", State.REFUSED), _DATABASE),
    Fault("PostgreSQL hangs", _wire("database", State.HUNG), _DATABASE),
    Fault("Redis refuses connections", _wire("redis", State.REFUSED), _REDIS),
    Fault("Redis hangs", _wire("redis", State.HUNG), _REDIS),
    Fault("the mail server refuses connections", _wire("mail", State.REFUSED), _SMTP),
    Fault("the mail server hangs", _wire("mail", State.HUNG), _SMTP),
    Fault("PayPal refuses connections", _wire("paypal", State.REFUSED), _PAYPAL),
    Fault("PayPal hangs", _wire("paypal", State.HUNG), _PAYPAL),
    Fault(
        "the only worker is killed",
        _worker_killed,
        {"ready": "worker silent", "alert": "AccountsDown accounts-worker", "worker": "no heartbeat"},
    ),
    Fault(
        "the only worker hangs",
        _worker_hangs,
        {"ready": "worker silent", "alert": "AccountsDown accounts-worker", "worker": "no heartbeat"},
    ),
    Fault(
        "one of two processes of serve is killed",
        _child_killed,
        {"log": "process ended, another starts signal=SIGKILL"},
    ),
    Fault(
        "the schema is behind",
        _schema_behind,
        {"ready": "migrations behind", "log": "health changed failed=\\['migrations'\\]", "doctor": "problem +schema "},
    ),
)


@contextlib.asynccontextmanager
async def site(folder: Path, database_url: str, redis_url: str) -> AsyncIterator[Site]:
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        smtp, shop = await enter(sound_server()), await enter(paypal_server())
        database, through_wire = await enter(wire(database_url))
        redis, redis_through_wire = await enter(wire(redis_url))
        mail = await enter(TcpProxy("127.0.0.1", smtp.port).laid())
        paypal = await enter(TcpProxy("127.0.0.1", shop.port).laid())
        port, worker_port = free_port(), free_port()
        settings = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "REDIS_URL": redis_through_wire,
            "WORKERS": "2",
            "WORKER_IN_SERVE": "false",
            "PORT": str(free_port()),
            "METRICS_PORT_OF_WORKER": str(worker_port),
            "PAYPAL_BASE_URL": f"http://127.0.0.1:{paypal.port}",
            "PAYPAL_CLIENT_ID": shop.client_id,
            "PAYPAL_CLIENT_SECRET": shop.client_secret,
            "PAYPAL_WEBHOOK_ID": shop.webhook_id,
        }
        nodes = await enter(fleet(folder, through_wire, mail.port, **settings))
        serve = await nodes.join("serve", METRICS_PORT=str(port))
        worker = await nodes.join("worker", METRICS_PORT=str(worker_port))
        asked = await enter(_prometheus(folder, {"accounts": port, "accounts-worker": worker_port}))
        yield Site(nodes, database_url, database, redis, mail, paypal, serve, worker, asked, smtp)


async def drill(site: Site, fault: Fault, *, seconds: float = SECONDS) -> Drill:
    """Breaks the part under load until everything that must report it does, and repairs it."""
    result = Drill(fault)
    token = await _payer(site)
    stopped = asyncio.Event()
    await _until(lambda: _is_whole(site), _STARTED)
    async with asyncio.TaskGroup() as group:
        for client in range(3):
            group.create_task(_load(site, token, client, result.clients, stopped))
        await asyncio.sleep(1)
        before = Counter(site.log())
        result.clients.clear()
        begun = time.monotonic()
        async with fault.breaks(site):
            tools = {"ready": _ready, "alert": _alerts, "log": _log_since(before), "doctor": _doctor, "worker": _worker}
            watched = [_watch(site, tools[name], name, result, begun + seconds) for name in tools]
            await asyncio.gather(*watched)
        seen = Counter(result.clients)
        repaired = time.monotonic()
        await _until(lambda: _is_whole(site), seconds)
        result.healed = time.monotonic() - repaired
        stopped.set()
    result.clients = seen
    return result


async def _watch(
    site: Site, tool: Callable[[Site], Awaitable[str]], name: str, result: Drill, give_up_at: float
) -> None:
    """Asks a tool until it reports the fault, if it must."""
    begun = time.monotonic()
    expected = result.fault.reports.get(name)
    while expected and time.monotonic() < give_up_at:
        said = await tool(site)
        if re.search(expected, said, re.DOTALL):
            result.reported[name] = time.monotonic() - begun, said
            return
        await asyncio.sleep(_PAUSE)


async def _ready(site: Site) -> str:
    async with httpx2.AsyncClient(timeout=8) as http:
        try:
            body = (await http.get(f"{site.serve.url}/health/ready")).json()
        except httpx2.TransportError as error:
            return type(error).__name__
    states = {**body["parts"], "worker": body.get("worker", {}).get("state", "unknown")}
    return ", ".join(f"{name} {state}" for name, state in states.items() if state not in {"ok", "no", "unknown"})


async def _alerts(site: Site) -> str:
    async with httpx2.AsyncClient(timeout=5) as http:
        alerts = (await http.get(f"{site.prometheus}/api/v1/alerts")).json()["data"]["alerts"]
    labels = [each["labels"] for each in alerts]
    names = {f"{each['alertname']} {each.get('part') or each.get('job') or ''}".rstrip() for each in labels}
    return ", ".join(sorted(names))


def _log_since(before: Counter[str]) -> Callable[[Site], Awaitable[str]]:
    async def events(site: Site) -> str:
        lines = [json.loads(line) for line in Counter(site.log()) - before if line.startswith("{")]
        notable = [line for line in lines if line["event"] not in _QUIET and line["level"] != "info"]
        return "\n".join(dict.fromkeys(map(_shown, notable)))

    return events


def _shown(line: Mapping[str, Any]) -> str:
    return " ".join([line["event"], *(f"{name}={line[name]}" for name in _FIELDS if name in line)])


async def _doctor(site: Site) -> str:
    _, said = await site.app("doctor")
    return "\n".join(line for line in said.splitlines() if line.startswith("problem"))


async def _worker(site: Site) -> str:
    _, said = await site.app("health", "--worker")
    return said.strip()


async def _is_whole(site: Site) -> bool:
    """Whether nothing reports a fault, except alerts about the last minutes."""
    return not await _ready(site) and not re.search("Away|Down|Silent", await _alerts(site))


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(_PAUSE)


async def _payer(site: Site) -> str:
    """Makes an account that may pay, and returns its session's token."""
    email = f"payer{time.monotonic_ns()}@example.com"
    async with httpx2.AsyncClient(base_url=site.serve.url, timeout=30) as http:
        await _send(http, "CreateAccount", **form(email))
        await _until(lambda: _is_mailed(site, email), _STARTED)
        (mail,) = (mail for mail in site.smtp.mails if mail.recipients[0] == email)
        await _send(http, "ConfirmAccount", code=found(r"\b[2-9A-Z]{40}\b", mail.message))
        body = await _send(http, "Login", email=email, password=PASSWORD)
        token = str(body["data"]["login"]["token"])
        await _send(http, "ConfigureCompany", token, **COMPANY)
        await _send(http, "CreateSeries", token, name="A", firstFolio=1)
    return token


async def _is_mailed(site: Site, email: str) -> bool:
    return any(mail.recipients[0] == email for mail in site.smtp.mails)


async def _load(site: Site, token: str, client: int, answers: Counter[str], stopped: asyncio.Event) -> None:
    """Reads, registers, draws captchas and asks PayPal, until stopped. Counts how each operation was answered."""
    inputs: dict[str, dict[str, Any]] = {
        "Me": {},
        "CreateCaptcha": {},
        "CreateAccount": {},
        "StartPayPalPayment": {},
    }
    plans = cycle(("negocio", "emprendedor"))
    async with httpx2.AsyncClient(base_url=site.serve.url, timeout=30) as http:
        while True:
            for operation in [*inputs]:
                if stopped.is_set():
                    return
                if operation == "StartPayPalPayment":  # of a plan again, PayPal would not be asked
                    inputs[operation] = {"planId": next(plans)}
                if operation == "CreateAccount":
                    inputs[operation] = form(f"load{client}-{time.monotonic_ns()}@example.com")
                try:
                    body = await _send(http, operation, token, **inputs[operation])
                except httpx2.TransportError as error:
                    answers[f"{operation}: {type(error).__name__}"] += 1
                else:
                    answers[f"{operation}: {_outcome(body)}"] += 1
                await asyncio.sleep(0.3)


async def _send(http: httpx2.AsyncClient, operation: str, token: str = "", **input: Any) -> Any:
    body = {"query": OPERATIONS[operation], "variables": {"input": input} if input else {}}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return (await http.post("/graphql", json=body, headers=headers)).json()


def _outcome(body: Any) -> str:
    if "errors" in body:
        return str(body["errors"][0]["extensions"]["code"])
    (value,) = body["data"].values()
    return str((value or {}).get("__typename") or "answered")


def _children(node: Node) -> list[int]:
    pid = node.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


@contextlib.asynccontextmanager
async def _prometheus(folder: Path, targets: Mapping[str, int]) -> AsyncIterator[str]:
    """Runs Prometheus with our alerts and yields its URL."""
    jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()]
    configuration = {
        "global": {"scrape_interval": "3s", "scrape_timeout": "3s", "evaluation_interval": "1s"},
        "rule_files": [str(ROOT / "deploy/prometheus/alerts.yaml")],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.json").write_text(json.dumps(configuration), "utf-8")  # JSON is YAML, too
    address = f"127.0.0.1:{free_port()}"
    options = {
        "config.file": folder / "prometheus.json",
        "storage.tsdb.path": folder / "prometheus",
        "web.listen-address": address,
    }
    command = ["prometheus", *(f"--{name}={value}" for name, value in options.items())]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        await _until(lambda: _answers(f"http://{address}/-/ready"), _STARTED)
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> bool:
    async with httpx2.AsyncClient() as http:
        try:
            return (await http.get(url)).status_code == 200
        except httpx2.TransportError:
            return False


def row(drill: Drill) -> str:
    """Returns a row of the table in docs/drills.md."""
    reported = [
        f"{_TOOLS[name]}: {_named(drill.fault.reports[name], said)}, {seconds:.0f} s"
        for name, (seconds, said) in sorted(drill.reported.items(), key=lambda item: item[1])
    ]
    unreported = [f"{_TOOLS[name]}: nothing in {SECONDS:.0f} s" for name in sorted(drill.unreported)]
    failed = sorted(answer for answer in drill.clients if not re.search("Success|answered", answer))
    cells = [
        "; ".join(reported + unreported),
        ", ".join(failed) or "nothing",
        f"{drill.healed:.0f} s",
        "`audits/drills.py`",
    ]
    return f"| {' | '.join([drill.fault.name, *cells])} |"


def _named(pattern: str, said: str) -> str:
    """Returns the part of the tool's words that names the fault."""
    match = re.search(pattern, said, re.DOTALL)
    return " ".join(match[0].split()) if match else ""


async def _blind(site: Site) -> None:
    fault = random.choice(FAULTS)
    before = Counter(site.log())
    token = await _payer(site)
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for client in range(3):
            group.create_task(_load(site, token, client, Counter(), stopped))
        async with fault.breaks(site):
            await asyncio.sleep(60)
            _, worker = await site.app("health", "--worker")
            ready, doctor = await site.app("health"), await site.app("doctor")
            parts = {"health": ready[1], "health --worker": worker, "doctor": doctor[1], "alerts": await _alerts(site)}
            for name, said in {**parts, "log": await _log_since(before)(site)}.items():
                print(f"== {name}\n{said.strip()}", flush=True)
            await asyncio.to_thread(input, "Which part is broken? ")
        print(fault.name)
        stopped.set()


async def _main(folder: Path, database_url: str, arguments: argparse.Namespace) -> None:
    chosen = [fault for fault in FAULTS if not arguments.fault or fault.name in arguments.fault]
    async with site(folder, database_url, arguments.redis) as running:
        if arguments.blind:
            await _blind(running)
            return
        for fault in chosen:
            result = await drill(running, fault)
            print(row(result), flush=True)
            for name, (seconds, said) in result.reported.items():
                print(f"    {name} after {seconds:.1f} s: {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", required=True, help="a PostgreSQL server on which databases may be created")
    parser.add_argument("--redis", required=True, help="a Redis server")
    parser.add_argument("--blind", action="store_true", help="break a part at random and show what the tools say")
    parser.add_argument("fault", nargs="*", help="names of faults; all by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of_its_own(arguments.database, Path(folder)) as url:
        asyncio.run(_main(Path(folder), url, arguments))


if __name__ == "__main__":
    main()
