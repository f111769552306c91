"""What the log holds of a request: enough to find it again, and nothing that a person typed."""

import json
import re
import socket
import sqlite3
import time
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx2

from tests.process.conftest import Server

INLINE = 'mutation SignIn { login(input: {email: "ana@example.com", password: "hunter2 hunter2"}) { __typename } }'
REFUSED = [
    INLINE.replace("login", "logn"),
    INLINE.replace("{ __typename }", ""),
    INLINE.replace("email:", "emal:"),
    INLINE.replace('"ana@example.com"', "5"),
    INLINE.replace('hunter2"', 'hunter2\\u"'),
    f"{INLINE} {INLINE}",
]
BODIES = [b'{"query": "hunter2', b'["hunter2"]', b'{"query": "{ me { id } }", "variables": "hunter2"}']


def test_at_debug_the_log_names_the_operation_and_contains_no_literal(server: Server) -> None:
    with httpx2.Client(base_url=server.url) as http:
        assert http.post("/graphql", json={"query": INLINE}).json()["data"]
        for query in REFUSED:
            assert http.post("/graphql", json={"query": query}).json()["errors"]
        for body in BODIES:
            assert http.post("/graphql", content=body, headers={"content-type": "application/json"}).json()["errors"]
        http.get("/graphql", params={"query": INLINE})

    log = server.log()
    assert "hunter2" not in log
    assert "ana@" not in log
    assert "operation=SignIn" in log
    assert "digest=" in log
    assert "outcomes={'login': 'InvalidCredentialsError'}" in log


def test_a_client_that_hangs_up_during_the_operation_is_logged_as_gone(server: Server) -> None:
    """Argon2 takes longer than the news that the connection was closed."""
    body = json.dumps({"query": INLINE.replace("SignIn", "HangUp")}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(head.encode() + b"\r\n\r\n" + body)

    deadline = time.monotonic() + 10
    while "operation=HangUp" not in server.log():
        assert time.monotonic() < deadline
        time.sleep(0.02)

    (line,) = [line for line in server.log().splitlines() if "operation=HangUp" in line]
    assert "status=499" in line


def test_an_unexpected_error_is_logged_with_the_clients_reference(server: Server) -> None:
    with closing(sqlite3.connect(server.data_dir / "accounts.sqlite3")) as database:
        database.execute("ALTER TABLE account RENAME TO away")
        try:
            answer = httpx2.post(f"{server.url}/graphql", json={"query": INLINE}).json()
        finally:
            database.execute("ALTER TABLE away RENAME TO account")

    log = server.log()
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert log.count(f"request={error['extensions']['reference']}") == 2  # the cause, and the request's line
    assert "Traceback" in log
    assert "hunter2" not in log


def test_what_the_server_refuses_by_itself_has_one_line_each_without_its_bytes(server: Server) -> None:
    refused = {
        b"hunter2 hunter2\r\n\r\nhunter2\r\n\r\n": ("400", "malformed"),
        b"\x16\x03\x01hunter2": ("400", "malformed"),
        b"GET /hunter2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": ("400", "malformed"),
        b"GET /hunter2 HTTP/1.1\r\nx: " + b"hunter2" * 3_000 + b"\r\n\r\n": ("431", "'too large'"),
        b"CONNECT hunter2:443 HTTP/1.1\r\nHost: hunter2\r\n\r\n": ("501", "tunnel"),
        b"GET /hunter2 HTTP/2.0\r\nHost: localhost\r\n\r\n": ("505", "version"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nhunter2": ("505", "version"),
    }

    for sent, (status, reason) in refused.items():
        before = server.log()
        answer = _answer(server.url, sent)
        (line,) = server.log()[len(before) :].splitlines()

        head, _, body = answer.partition(b"\r\n\r\n")
        (name,) = re.findall(rb"x-request-id: (\w{16})", head)
        assert head.startswith(b"HTTP/1.1 %s " % status.encode())
        assert json.loads(body)["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
        assert {f"request={name.decode()}", f"status={status}", "method=other", "kind=other"} <= set(line.split())
        assert f"refused={reason}" in line
        assert "hunter2" not in line


def test_bytes_after_a_refusal_and_a_connection_without_any_have_no_line(server: Server) -> None:
    before = server.log()

    _answer(server.url, b"hello\r\n\r\n" * 1_000)
    _answer(server.url, b"")

    assert server.log()[len(before) :].count("\n") == 1


def _answer(url: str, sent: bytes) -> bytes:
    """Everything that comes back for these bytes; the server logs before it answers."""
    address = urlsplit(url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):  # which bytes that were not read cause
            while chunk := client.recv(65_536):
                received += chunk
    return received
