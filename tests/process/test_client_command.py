"""Back ends are registered as clients at the command line."""

import json
import re
from pathlib import Path

import pytest

from app.operator import current_operator
from tests.process.in_process import run_here


def _run(data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    result = run_here(data_dir, "client", *arguments, DATA_DIR=str(data_dir))
    return result.returncode, result.stdout, result.stderr


def test_the_secret_of_a_new_client_is_all_that_is_on_stdout(migrated: Path) -> None:
    status, out, error = _run(migrated, "create", "stamping", "--scope", "events:read", "--scope", "accounts:read")

    assert status == 0
    assert re.fullmatch("tac_[0-9A-Za-z]{42}\n", out)
    assert error == "stamping: created, for accounts:read, events:read. This is its only secret:\n"


def test_a_new_client_as_json(migrated: Path) -> None:
    status, out, error = _run(migrated, "create", "stamping", "--scope", "accounts:read", "--json")
    audit = run_here(migrated, "audit", "--since", "1h", "--json", DATA_DIR=str(migrated))

    created, event = json.loads(out), json.loads(audit.stdout)
    assert (status, error) == (0, "")
    assert (created["name"], created["scopes"]) == ("stamping", ["accounts:read"])
    assert (event["kind"], event["actor"], event["subject"]) == (
        "api_client_created",
        current_operator().name,
        created["id"],
    )
    assert created["secret"] not in audit.stdout


def test_a_name_is_given_once(migrated: Path) -> None:
    _run(migrated, "create", "stamping", "--scope", "accounts:read")

    again = _run(migrated, "create", "stamping", "--scope", "events:read")

    assert again == (1, "", "stamping: a client has this name, or had it before\n")


@pytest.mark.parametrize("name", ["", "Stamping", "a b", "-" * 2, "a\0b", "ñ", "a" * 41, "a" * 100_000])
def test_a_text_that_cannot_be_a_name_is_refused(migrated: Path, name: str) -> None:
    status, out, error = _run(migrated, "create", "--scope", "accounts:read", "--", name)

    assert (status, out) == (2, "")
    assert error == f"{name[:100]!r} is not a client's name: at most 40 of a-z, 0-9, ., _ and -.\n"


def test_a_client_has_a_scope_that_there_is(migrated: Path) -> None:
    assert _run(migrated, "create", "stamping")[0] == 2
    assert _run(migrated, "create", "stamping", "--scope", "accounts:write")[0] == 2
