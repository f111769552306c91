"""Two nodes behind a real nginx with the configuration of docs/nginx.conf restart in turn, and no request fails."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import trustme

from app.operations import OPERATIONS
from audits.fleet import fleet
from audits.ports import free_port
from tests.process.serving import ROOT

CLIENTS = 12
PAUSE = 0.1  # seconds between two requests of a client
RESTARTED = (0, 1, 0, 1)  # the nodes, in their order
NAME = "accounts.example.mx"
# A mutation, which nginx does not send again once a node may have seen it.
BODY = {"query": OPERATIONS["Logout"]}


@pytest.fixture
def stores() -> str:
    return "postgresql"


@contextlib.asynccontextmanager
async def nginx(path: str, folder: Path, nodes: list[int]) -> AsyncIterator[str]:
    """Runs nginx with docs/nginx.conf in front of the nodes' ports, and yields its URL."""
    port, plain_port = free_port(), free_port()
    certificate = trustme.CA().issue_cert(NAME)
    certificate.private_key_pem.write_to_path(str(folder / "privkey.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "fullchain.pem"))
    text = (ROOT / "docs/nginx.conf").read_text("utf-8")
    changes = {
        "10.0.0.11:8000": f"127.0.0.1:{nodes[0]}",
        "10.0.0.12:8000": f"127.0.0.1:{nodes[1]}",
        "listen 80 ": f"listen 127.0.0.1:{plain_port} ",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        f"/etc/ssl/{NAME}": str(folder),
    }
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text, "utf-8")
    own = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;"
    command = (path, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf", "-g", own)
    process = await asyncio.create_subprocess_exec(*command)
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_no_request_fails_while_nodes_restart(nginx_path: str, database_url: str, tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    answers: Counter[int | str] = Counter()
    stopped = asyncio.Event()
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE

    async def send(number: int) -> None:
        """Sends requests, of some clients each on a connection of its own, until stopped."""
        limits = httpx2.Limits(max_keepalive_connections=number % 2)
        headers = {"host": NAME}
        async with httpx2.AsyncClient(verify=tls, timeout=20, limits=limits, headers=headers) as http:
            while not stopped.is_set():
                try:
                    answers[(await http.post(f"{url}/graphql", json=BODY)).status_code] += 1
                except httpx2.HTTPError as error:
                    answers[type(error).__name__] += 1
                await asyncio.sleep(PAUSE)

    settings = {"DRAIN_SECONDS": "1", "TRUSTED_PROXIES": "1", "WORKER_IN_SERVE": "false", "ALLOWED_HOSTS": NAME}
    async with fleet(tmp_path, database_url, 1, **settings) as nodes, nginx(nginx_path, tmp_path, ports) as url:
        running = list(await asyncio.gather(*(nodes.join("serve", PORT=str(port)) for port in ports)))
        clients = [asyncio.create_task(send(number)) for number in range(CLIENTS)]
        await asyncio.sleep(1)
        in_restarts = []
        for number in RESTARTED:
            before = answers[200]
            assert await running[number].leave() == 0
            running[number] = await nodes.join("serve", PORT=str(ports[number]))
            in_restarts.append(answers[200] - before)
        await asyncio.sleep(1)
        stopped.set()
        await asyncio.gather(*clients)

    assert answers.keys() == {200}, answers
    assert min(in_restarts) >= CLIENTS
