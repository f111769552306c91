"""`import accounts` and `export accounts`, as an operator runs them."""

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from app.operator import current_operator
from services.support.account_lines import MAX_BYTES
from tests.account_lines import HASH, account_line
from tests.forms import EMAIL
from tests.process.in_process import run_here


class Desk:
    """Runs commands in a folder with a database and a file of accounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "accounts.jsonl"

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        result = run_here(self._folder, *arguments, DATA_DIR=str(self._folder), LOG_LEVEL="ERROR")
        return result.returncode, result.stdout, result.stderr

    def load(self, content: bytes, *options: str) -> tuple[int, str, str]:
        self.file.write_bytes(content)
        return self("import", "accounts", str(self.file), *options)


@pytest.fixture
def desk(migrated: Path) -> Desk:
    return Desk(migrated)


def test_accounts_are_imported_once(desk: Desk) -> None:
    content = account_line() + account_line(email="eva@example.com", passwordHash=...)

    tried = desk.load(content, "--dry-run")
    first, second = desk.load(content), desk.load(content)
    counted = desk.load(content, "--json")

    assert tried == (0, "2 would be imported, 0 there already, 0 refused\n", "")
    assert first == (0, "2 imported, 0 there already, 0 refused\n", "")
    assert second == (0, "0 imported, 2 there already, 0 refused\n", "")
    assert (counted[0], counted[2]) == (0, "")
    assert json.loads(counted[1]) == {
        "lines": 2,
        "imported": 0,
        "there_already": 2,
        "refused": 0,
        "dry_run": False,
    }
    events = [json.loads(line) for line in desk("audit", "--since", "5m", "--json")[1].splitlines()]
    assert {(event["kind"], event["actor"]) for event in events} == {("account_imported", current_operator().name)}
    assert len(events) == 2


def test_a_hostile_file_is_refused_line_by_line_and_the_rest_is_imported(desk: Desk) -> None:
    content = b"".join(
        [
            b"\xef\xbb\xbf" + account_line(email="bom@example.com").replace(b"\n", b"\r\n"),
            b"\r\n",
            b'{"email":"' + b"x" * 3 * MAX_BYTES + b'"}\n',
            b"[" * 60_000 + b"\n",
            account_line(email="\udcff@example.com"),
            account_line(email="nul\0@example.com"),
            b'{"email":"\xff"}\n',
            account_line(passwordHash=HASH.replace("$04$", "$31$")),
            account_line(passwordHash="una frase larga"),
            account_line(email="bom@example.com"),
            account_line(email="x" * (MAX_BYTES - 1000) + "@example.com"),
            account_line(email="last@example.com").rstrip(),
        ]
    )

    status, out, error = desk.load(content)
    as_json = desk.load(content, "--json")

    assert (status, out) == (1, "2 imported, 0 there already, 9 refused\n")
    assert error.splitlines() == [
        "line 3: more than 65,536 bytes",
        "line 4: not JSON in UTF-8",
        "line 5: not JSON in UTF-8",
        "line 6: email: forbidden character U+0000",
        "line 7: not JSON in UTF-8",
        "line 8: passwordHash: takes too long or too much memory to verify",
        "line 9: passwordHash: of no known kind",
        "line 10: email: the same as in line 1",
        "line 11: email: too long",
    ]
    assert as_json[0] == 1
    refused = [json.loads(line) for line in as_json[2].splitlines()]
    assert [each["line"] for each in refused] == list(range(3, 12))
    assert refused[5]["problems"] == [
        {"field": "passwordHash", "reason": "takes too long or too much memory to verify"}
    ]
    assert "$2b$" not in out + error + as_json[1] + as_json[2]


def test_a_file_may_come_from_the_standard_input(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(account_line())))

    assert desk("import", "accounts", "-") == (0, "1 imported, 0 there already, 0 refused\n", "")


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "none", "No such file or directory")):
        assert desk("import", "accounts", str(path)) == (2, "", f"Cannot read '{path}': {why}\n")


def test_an_interrupted_import_says_how_to_go_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.BytesIO):
        def readline(self, *_: Any) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))

    status, out, error = desk("import", "accounts", "-")

    again = "Interrupted after 0 lines. Run the same command again: accounts that are there stay.\n"
    assert (status, out, error) == (130, "", again)


def test_a_database_that_is_away_is_said_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    desk.file.write_bytes(account_line())
    away = {"DATABASE_URL": "postgres://ana:word@127.0.0.1:1/x"}

    result = run_here(tmp_path, "import", "accounts", str(desk.file), DATA_DIR=str(tmp_path), **away)

    assert (result.returncode, result.stdout) == (1, "")
    assert "after 0 lines. Run the same command again" in result.stderr


def test_an_export_is_a_private_new_file_that_imports_to_the_same(desk: Desk, tmp_path: Path) -> None:
    desk.load(account_line())
    output = tmp_path / "export.jsonl"

    exported = desk("export", "accounts", "--output", str(output))
    again = desk("export", "accounts", "--output", str(output))
    printed = desk("export", "accounts")

    assert exported == (0, "", "1 accounts\n")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert again == (1, "", f"Cannot write '{output}': File exists\n")
    assert printed == (0, output.read_text("utf-8"), "")
    assert json.loads(printed[1])["passwordHash"] == HASH
    desk("account", "delete", EMAIL, "--yes")
    assert desk("import", "accounts", str(output)) == (0, "1 imported, 0 there already, 0 refused\n", "")
    assert desk("export", "accounts")[1] == printed[1]
    kinds = [json.loads(line)["kind"] for line in desk("audit", "--since", "5m", "--json")[1].splitlines()]
    assert kinds.count("accounts_exported") == 3
