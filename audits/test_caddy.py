"""deploy/Caddyfile in a real Caddy, in front of nodes that play `serve` and show what reaches them."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from audits.caddy import caddy

SECONDS = 10.0
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class Node:
    name: str
    ready: bool = True
    forwarded: list[list[str]] = field(default_factory=list)
    protocols: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # of the headers, in lower case


def test_caddy_names_the_client_and_keeps_health_inside(caddy_path: str, tmp_path: Path) -> None:
    with _node("a") as (node, port), _caddy(caddy_path, tmp_path, [port]) as http:
        strange = {"X-Forwarded-For": "192.0.2.66, 192.0.2.67", "traceparent": _TRACE, "tracestate": "a=1"}
        answer = http.post("/graphql", json={}, headers=strange)
        health = [http.get(path).status_code for path in ("/health/ready", "/health/live", "/health/../health/live")]

    assert answer.status_code == 200
    assert node.forwarded[-1] == ["127.0.0.1"]
    assert node.names & {"traceparent", "tracestate", "x-forwarded-for"} == {"x-forwarded-for"}
    assert node.protocols == {"HTTP/1.1"}
    assert health == [404, 404, 404]


def test_caddy_sends_nothing_to_a_node_that_is_not_ready(caddy_path: str, tmp_path: Path) -> None:
    ending = contextlib.ExitStack()
    with ending, _node("b") as (_, two):
        first, one = ending.enter_context(_node("a"))
        with _caddy(caddy_path, tmp_path, [one, two]) as http:
            both = _until(http, {"a", "b"})
            first.ready = False
            only_two = _until(http, {"b"})
            ending.close()
            answers = [http.post("/graphql", json={}) for _ in range(50)]

    assert (both, only_two) == (True, True)
    assert Counter((answer.status_code, answer.text) for answer in answers) == {(200, "b"): 50}


@contextlib.contextmanager
def _caddy(path: str, folder: Path, ports: list[int]) -> Iterator[httpx2.Client]:
    with caddy(path, folder, ports) as url, httpx2.Client(base_url=url, timeout=SECONDS) as http:
        _answering(http, folder / "caddy.log")
        yield http


def _answering(http: httpx2.Client, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(httpx2.TransportError):
            if http.post("/graphql", json={}).status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail(log.read_text("utf-8"))


def _until(http: httpx2.Client, names: set[str]) -> bool:
    """Whether just these nodes answer twenty requests in a row before long."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        answers = [http.post("/graphql", json={}) for _ in range(20)]
        if {answer.text for answer in answers} == names:
            return True
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def _node(name: str) -> Iterator[tuple[Node, int]]:
    node = Node(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == "/health/ready", self.path
            self._answer(200 if node.ready else 503)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            node.forwarded.append(self.headers.get_all("X-Forwarded-For", []))
            node.protocols.add(self.request_version)
            node.names.update(name.lower() for name in self.headers)
            self._answer(200)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(name)))
            self.end_headers()
            self.wfile.write(name.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield node, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
