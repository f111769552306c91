"""The commands, as an operator runs them."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tests.api
from app.asgi import load_trusted_documents
from app.manifests import read_manifests
from app.operations import OPERATIONS
from tests.api import GivenSettings, api_of
from tests.process.conftest import Server
from tests.process.in_process import run_here
from tests.process.serving import ROOT, clean_environment

COMMANDS = ROOT / "app/commands"
PRODUCTION = {name.upper(): value for name, value in tests.api.PRODUCTION.items()}
Run = Callable[..., tuple[int, str, str]]


def _start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command here: its status, and what it wrote to stdout and stderr."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        result = run_here(tmp_path, *arguments, **{"DATA_DIR": str(tmp_path), **environment})
        return result.returncode, result.stdout, result.stderr

    return run


def test_production_does_not_start_on_a_database_that_is_behind(run: Run) -> None:
    for command in ("serve", "worker"):
        status, out, error = run(command, **PRODUCTION, PORT="0")

        assert (status, out) == (1, "")
        assert error.startswith("The database is behind: run `python -m app migrate` for 0001_initial")


def test_migrate_says_whether_the_database_is_behind(run: Run) -> None:
    behind = run("migrate", "--check")
    run("migrate")
    up_to_date = run("migrate", "--check")

    assert behind[0] == 3
    assert "0001_initial" in behind[2]
    assert up_to_date == (0, "", "")


@pytest.mark.usefixtures("migrated")
def test_migrate_goes_back_only_if_it_may_drop_later_data(run: Run) -> None:
    warned = run("migrate", "--to", "0001_initial")
    unchanged = run("migrate", "--check")
    done = run("migrate", "--to", "0001_initial", "--yes")
    onwards = run("migrate", "--to", "0003_company_and_payment")
    nowhere = run("migrate", "--to", "9999_never")

    assert warned[:2] == (1, "")
    assert "  table payment, 0 rows\n" in warned[2]
    assert "  column account.stage, with a value in 0 rows\n" in warned[2]
    assert warned[2].endswith("Nothing was changed. Add --yes to drop them.\n")
    assert unchanged == (0, "", "")
    assert done == (0, "The database is at 0001_initial.\n", "")
    assert onwards == (0, "The database is at 0003_company_and_payment.\n", "")
    assert nowhere[:2] == (2, "")
    assert nowhere[2].startswith(
        "There is no migration 9999_never. The migrations are 0001_initial, 0002_owed_deliveries, "
    )


def test_export_schema_prints_the_snapshot(run: Run) -> None:
    status, out, _ = run("export-schema")

    assert status == 0
    assert out == (ROOT / "graphql/schema.graphql").read_text("utf-8")


def test_export_schema_prints_the_possible_types(run: Run) -> None:
    status, out, _ = run("export-schema", "--possible-types")

    assert status == 0
    assert out == (ROOT / "graphql/possible-types.json").read_text("utf-8")


def test_export_documents_prints_a_manifest_that_a_service_can_be_started_with(run: Run, tmp_path: Path) -> None:
    for form in ("apollo", "relay"):
        status, out, _ = run("export-documents", "--form", form)
        (tmp_path / "documents.json").write_text(out, "utf-8")

        texts = read_manifests([tmp_path / "documents.json"])
        assert (status, sorted(texts.values())) == (0, sorted(OPERATIONS.values()))
        assert load_trusted_documents(GivenSettings(trusted_documents=(tmp_path / "documents.json",)))


def test_export_documents_names_each_operation_and_its_type(run: Run) -> None:
    _, out, _ = run("export-documents")

    operations = json.loads(out)["operations"]
    types = {each["name"]: each["type"] for each in operations}
    assert types.keys() == OPERATIONS.keys()
    assert (types["Me"], types["Login"]) == ("query", "mutation")
    assert all(list(each) == ["id", "name", "type", "body"] for each in operations)


def test_captcha_answer_reports_ids_that_are_not_ours(run: Run) -> None:
    status, out, error = run("captcha-answer", "nope")

    assert (status, out) == (1, "")
    assert error == "nope: not a captcha of this SECRET_KEY.\n"


@pytest.mark.usefixtures("migrated")
def test_revoke_of_everybody_says_what_it_ended_and_can_be_continued(run: Run) -> None:
    account = "7fffffff-ffff-4fff-bfff-ffffffffffff"

    of_all = run("account", "revoke", "--all")
    goes_on = run("account", "revoke", "--all", "--password", "--after", account)
    alone = run("account", "revoke", "--after", account, "ana@example.com")

    assert of_all == (0, "all: 0 sessions\n", "")
    assert goes_on == (0, "all: 0 sessions, 0 passwords\n", "")
    assert alone == (2, "", "--after requires --all.\n")


@pytest.mark.usefixtures("migrated")
def test_serve_reports_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        status, _, error = run("serve", PORT=port)

    assert status == 1
    assert error == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


@pytest.mark.usefixtures("migrated")
def test_serve_reports_an_invalid_host(run: Run) -> None:
    environment = {"DEVELOPMENT_BEYOND_LOOPBACK": "true", "PORT": "0", "HOST": "nowhere.invalid"}

    status, _, error = run("serve", **environment)

    assert status == 1
    assert re.fullmatch(r"Cannot listen on nowhere\.invalid:0: [^\n]*(name|Name)[^\n]*\.\n", error)


def test_a_command_reports_that_data_dir_cannot_be_created(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("")

    for command in ("serve", "migrate"):
        status, _, error = run(command, DATA_DIR=str(tmp_path / "file" / "data"), PORT="0")

        assert (status, error) == (1, f"Cannot {command}: DATA_DIR cannot be created: Not a directory\n")


def test_serve_reports_a_file_that_is_not_a_database(tmp_path: Path, run: Run) -> None:
    (tmp_path / "accounts.sqlite3").write_bytes(b"no database " * 500)

    assert run("serve", PORT="0") == (1, "", "Cannot serve: file is not a database\n")


def test_commands_wait_for_a_database_that_is_absent_and_then_say_so(run: Run) -> None:
    absent = {"DATABASE_URL": "postgres://ana:word@127.0.0.1:1/x", "DATABASE_WAIT_SECONDS": "0.2", "PORT": "0"}

    for command in ("serve", "worker", "migrate"):
        status, out, error = run(command, **absent)

        assert (status, out) == (1, "")
        assert error.splitlines() == [
            "The database is absent. Waiting up to 0.2 seconds for it.",
            f"Cannot {command}: the database was absent for 0.2 seconds (ConnectionRefusedError)",
        ]


@pytest.mark.usefixtures("migrated")
def test_health_reports_in_one_line_whether_serve_and_the_worker_work(run: Run, server: Server) -> None:
    port = server.url.rpartition(":")[2]
    ready, here = run("health", PORT=port), {"DATA_DIR": str(server.data_dir)}

    assert ready == (0, "serve: ok\n", "")
    assert run("health", PORT="1") == (1, "serve: no answer from http://127.0.0.1:1\n", "")
    give_up_at = time.monotonic() + 10  # the first heartbeat follows the start
    while (worker := run("health", "--worker", **here))[0] and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert worker == (0, "worker: ok\n", "")
    assert run("health", "--worker") == (1, "worker: no heartbeat\n", "")


@pytest.mark.usefixtures("migrated")
def test_a_command_reports_settings_that_look_mistyped(run: Run) -> None:
    status, _, error = run("migrate", DATABSE_URL="postgres://ana:word@127.0.0.1/x")

    assert (status, error) == (0, "DATABSE_URL is not a setting. Did you mean DATABASE_URL?\n")


@pytest.mark.usefixtures("migrated")
async def test_the_worker_command_sends_the_mails_of_serve(tmp_path: Path) -> None:
    async with api_of(GivenSettings(data_dir=tmp_path, worker_in_serve=False, paypal_stand_in=False)) as api:
        await api.register()
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


@pytest.mark.usefixtures("migrated")
def test_production_warns_that_nobody_can_pay(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        _, _, error = run("serve", **PRODUCTION, PORT=str(other.getsockname()[1]))

    assert error.startswith("Nobody can pay: set PAYPAL_… or BANK_DEPOSIT_… (docs/settings.md).\n")


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("migrate", {"webauthn", "OpenSSL", "graphql"}),
        ("worker", {"webauthn", "OpenSSL", "graphql"}),
        ("account", {"webauthn", "OpenSSL", "graphql"}),
        ("serve", {"webauthn", "OpenSSL"}),
    ],
)
def test_a_command_does_not_load_what_only_requests_need(command: str, unneeded: set[str]) -> None:
    code = f"import sys, app.command_line, app.commands.{command}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert unneeded.isdisjoint(loaded.stdout.split())


def test_help_loads_no_command() -> None:
    code = (
        "import contextlib, sys, app.command_line\n"
        "sys.argv[1:] = ['--help']\n"
        "with contextlib.suppress(SystemExit): app.command_line.parse()\n"
        "print(*sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "usage:" in loaded.stdout
    assert [name for name in loaded.stdout.split() if name.startswith("app.commands.")] == []


def test_help_names_every_command(run: Run) -> None:
    _, shown, _ = run("--help")

    commands = [
        path.stem.rstrip("_").replace("_", "-")
        for path in COMMANDS.glob("*.py")
        if "\ndef run(" in path.read_text("utf-8")
    ]
    assert len(commands) == 19
    assert [command for command in commands if not re.search(rf"^    {command}\b", shown, re.MULTILINE)] == []
