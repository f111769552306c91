"""What the log holds of a request: enough to find it again, and nothing that a person typed."""

import sqlite3
from contextlib import closing

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
    assert "name=SignIn" in log
    assert "digest=" in log
    assert "outcomes={'login': 'InvalidCredentialsError'}" in log


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
    assert f"reference={error['extensions']['reference']}" in log
    assert "Traceback" in log
    assert "hunter2" not in log
