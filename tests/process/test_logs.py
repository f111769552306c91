"""What the log holds of a request: enough to find it again, and nothing that a person typed."""

import json
import socket
import sqlite3
import time
from contextlib import closing
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
