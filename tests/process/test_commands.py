"""The commands, as an operator runs them."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

import tests.api
from tests.process.serving import ROOT, clean_environment, run_command, serving


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
    result = run_command(*arguments, **environment)
    return result.returncode, result.stdout, result.stderr


def test_migrate_from_many_nodes_at_once_succeeds_everywhere(tmp_path: Path) -> None:
    processes = [_start("migrate", DATA_DIR=str(tmp_path)) for _ in range(4)]

    outcomes = {(*process.communicate(timeout=60), process.returncode) for process in processes}

    assert outcomes == {("The database is up to date.\n", "", 0)}
    assert (tmp_path / "accounts.sqlite3").is_file()


PRODUCTION = {name.upper(): value for name, value in tests.api.PRODUCTION.items()}


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_does_not_start_on_a_database_that_is_behind(tmp_path: Path, command: str) -> None:
    status, out, error = _run(command, **PRODUCTION, DATA_DIR=str(tmp_path), PORT="0")

    assert (status, out) == (1, "")
    assert error.startswith("The database is behind: run `python -m app migrate` for 0001_initial")


def test_migrate_says_whether_the_database_is_behind(tmp_path: Path) -> None:
    behind = _run("migrate", "--check", DATA_DIR=str(tmp_path))
    _run("migrate", DATA_DIR=str(tmp_path))
    up_to_date = _run("migrate", "--check", DATA_DIR=str(tmp_path))

    assert behind[0] == 3
    assert "0001_initial" in behind[2]
    assert up_to_date == (0, "", "")


def test_migrate_goes_back_only_once_it_is_told_to_drop_what_came_after(tmp_path: Path) -> None:
    _run("migrate", DATA_DIR=str(tmp_path))

    warned = _run("migrate", "--to", "0001_initial", DATA_DIR=str(tmp_path))
    unchanged = _run("migrate", "--check", DATA_DIR=str(tmp_path))
    done = _run("migrate", "--to", "0001_initial", "--yes", DATA_DIR=str(tmp_path))
    onwards = _run("migrate", "--to", "0003_company_and_payment", DATA_DIR=str(tmp_path))
    nowhere = _run("migrate", "--to", "9999_never", DATA_DIR=str(tmp_path))

    assert warned[:2] == (1, "")
    assert "  table payment, 0 rows\n" in warned[2]
    assert "  column account.stage, set in 0 rows\n" in warned[2]
    assert warned[2].endswith("Nothing was changed: add --yes to drop this.\n")
    assert unchanged == (0, "", "")
    assert done == (0, "The database is at 0001_initial.\n", "")
    assert onwards == (0, "The database is at 0003_company_and_payment.\n", "")
    assert nowhere[:2] == (2, "")
    assert nowhere[2].startswith("There is no migration 9999_never. There are 0001_initial, 0002_owed_deliveries, ")


def test_migrating_may_be_killed_and_begun_again(tmp_path: Path) -> None:
    for number in range(6):
        folder = tmp_path / str(number)
        process = _start("migrate", DATA_DIR=str(folder))
        while process.poll() is None and not (folder / "accounts.sqlite3").exists():
            time.sleep(0.001)
        time.sleep(number * 0.01)
        process.kill()
        process.communicate()

        assert _run("migrate", DATA_DIR=str(folder)) == (0, "The database is up to date.\n", "")


def test_export_schema_prints_the_snapshot(tmp_path: Path) -> None:
    status, out, _ = _run("export-schema", DATA_DIR=str(tmp_path))

    assert status == 0
    assert out == (ROOT / "graphql/schema.graphql").read_text("utf-8")


def test_export_schema_prints_the_possible_types(tmp_path: Path) -> None:
    status, out, _ = _run("export-schema", "--possible-types", DATA_DIR=str(tmp_path))

    assert status == 0
    assert out == (ROOT / "graphql/possible-types.json").read_text("utf-8")


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
    assert of_all == (0, "all: 0 sessions\n", "")
    assert of_none == (2, "", "'ana' is no e-mail.\n")


def test_revoke_goes_on_only_where_a_walk_through_all_had_come_to(tmp_path: Path) -> None:
    _run("migrate", DATA_DIR=str(tmp_path))
    account = "7fffffff-ffff-4fff-bfff-ffffffffffff"

    goes_on = _run("revoke", "--all", "--password", "--after", account, DATA_DIR=str(tmp_path))
    alone = _run("revoke", "--after", account, "ana@example.com", DATA_DIR=str(tmp_path))

    assert goes_on == (0, "all: 0 sessions, 0 passwords\n", "")
    assert alone == (2, "", "--after goes with --all.\n")


def test_serve_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        status, _, error = _run("serve", DATA_DIR=str(tmp_path), PORT=port)

    assert status == 1
    assert error == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_serve_says_when_its_host_is_none(tmp_path: Path) -> None:
    environment = {"DEVELOPMENT_BEYOND_LOOPBACK": "true", "PORT": "0", "HOST": "nowhere.invalid"}

    status, _, error = _run("serve", DATA_DIR=str(tmp_path), **environment)

    assert status == 1
    assert re.fullmatch(r"Cannot listen on nowhere\.invalid:0: [^\n]*(name|Name)[^\n]*\.\n", error)


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_command_says_when_data_dir_cannot_be_made(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")

    status, _, error = _run(command, DATA_DIR=str(tmp_path / "file" / "data"), PORT="0")

    assert (status, error) == (1, f"Cannot {command}: DATA_DIR cannot be made: Not a directory\n")


def test_serve_says_that_its_database_is_none(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite3").write_bytes(b"no database " * 500)

    served = run_command("serve", DATA_DIR=str(tmp_path), PORT="0")

    assert (served.returncode, served.stdout) == (1, "")
    assert served.stderr == "Cannot serve: file is not a database\n"


def test_a_command_says_what_looks_mistyped(tmp_path: Path) -> None:
    status, _, error = _run("migrate", DATA_DIR=str(tmp_path), DATABSE_URL="postgres://ana:word@127.0.0.1/x")

    assert (status, error) == (0, "DATABSE_URL is no setting. Is it DATABASE_URL?\n")


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


def test_production_says_that_nobody_can_pay(tmp_path: Path) -> None:
    environment = {**PRODUCTION, "DATA_DIR": str(tmp_path), "PORT": "0"}
    _run("migrate", **environment)
    process = _start("serve", **environment)
    assert process.stderr
    line = process.stderr.readline()
    process.terminate()
    process.communicate(timeout=30)

    assert line == "Nobody can pay: set PAYPAL_… or BANK_DEPOSIT_… (docs/settings.md).\n"
