"""The commands, as an operator runs them."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.process.serving import ROOT, clean_environment, serving


def _start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = _start(*arguments, **environment)
    out, error = process.communicate(timeout=60)
    return process.returncode, out, error


def test_migrate_from_many_nodes_at_once_succeeds_everywhere(tmp_path: Path) -> None:
    processes = [_start("migrate", DATA_DIR=str(tmp_path)) for _ in range(4)]

    outcomes = {(*process.communicate(timeout=60), process.returncode) for process in processes}

    assert outcomes == {("The database is up to date.\n", "", 0)}
    assert (tmp_path / "accounts.sqlite3").is_file()


def test_export_schema_prints_the_snapshot(tmp_path: Path) -> None:
    status, out, _ = _run("export-schema", DATA_DIR=str(tmp_path))

    assert status == 0
    assert out == (ROOT / "graphql/schema.graphql").read_text("utf-8")


def test_captcha_answer_says_which_ids_are_none_of_ours(tmp_path: Path) -> None:
    status, out, error = _run("captcha-answer", "nope", DATA_DIR=str(tmp_path))

    assert (status, out) == (1, "")
    assert error == "nope: not a captcha of this SECRET_KEY.\n"


def test_revoke_says_what_it_ended(tmp_path: Path) -> None:
    _run("migrate", DATA_DIR=str(tmp_path))

    of_one = _run("revoke", "--password", "Ana@example.com", DATA_DIR=str(tmp_path))
    of_all = _run("revoke", "--all", DATA_DIR=str(tmp_path))
    of_none = _run("revoke", "ana", DATA_DIR=str(tmp_path))

    assert of_one == (0, "ana@example.com: 0 sessions, 0 passwords\n", "")
    assert of_all == (0, "all: 0 sessions, 0 passwords\n", "")
    assert of_none == (2, "", "'ana' is no e-mail.\n")


def test_serve_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        status, _, error = _run("serve", DATA_DIR=str(tmp_path), PORT=port)

    assert status == 1
    assert error == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_the_worker_alone_sends_what_serve_owes(tmp_path: Path) -> None:
    with serving(tmp_path, WORKER_IN_SERVE="false") as (url, _):
        query = (ROOT / "graphql/operations/CreateAccount.graphql").read_text("utf-8")
        form = {"rfc": "EKU9003173C9", "email": "ana@example.com", "password": "una frase larga"}
        variables = {"input": {**form, "passwordConfirmation": form["password"]}}
        httpx2.post(f"{url}/graphql", json={"query": query, "variables": variables}).raise_for_status()
        worker = _start("worker", DATA_DIR=str(tmp_path))
        try:
            assert worker.stderr
            line = next(line for line in iter(worker.stderr.readline, "") if "mail" in line)
        finally:
            worker.terminate()
            worker.communicate(timeout=30)

    assert "mail written" in line
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    assert worker.returncode == 0
