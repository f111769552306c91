"""Back ends are registered as clients at the command line."""

import json
import re
from datetime import UTC, datetime, timedelta
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


def test_a_rotation_prints_the_new_secret_alone_and_says_until_when_the_earlier_ones_count(migrated: Path) -> None:
    _, first, _ = _run(migrated, "create", "stamping", "--scope", "accounts:read")

    status, out, error = _run(migrated, "rotate", "stamping", "--keep", "90m")
    as_json = json.loads(_run(migrated, "rotate", "stamping", "--json")[1])

    assert status == 0
    assert re.fullmatch("tac_[0-9A-Za-z]{42}\n", out)
    assert out != first
    until = re.fullmatch(
        r"stamping: earlier secrets count until ([0-9: -]{16}) UTC at the latest. This is the new one:\n", error
    )
    assert until
    left = datetime.fromisoformat(f"{until[1]}+00:00") - datetime.now(UTC)
    assert timedelta(minutes=88) < left <= timedelta(minutes=90)
    assert set(as_json) == {"id", "name", "earlier_expire_at", "secret"}
    left = datetime.fromisoformat(as_json["earlier_expire_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)


@pytest.mark.parametrize("keep", ["", "1", "24", "24H", "-1h", "1.5h", "91d", "٣h", "1h\0"])
def test_an_odd_duration_is_refused(migrated: Path, keep: str) -> None:
    status, out, error = _run(migrated, "rotate", "stamping", f"--keep={keep}")

    assert (status, out) == (2, "")
    assert error.endswith("argument --keep: must be such as 90m, 24h or 7d, and at most 90d\n")


def test_clients_are_listed_with_their_state(migrated: Path) -> None:
    nobody = _run(migrated, "list")
    _run(migrated, "create", "stamping", "--scope", "accounts:read", "--scope", "invoices:write")
    _run(migrated, "rotate", "stamping")
    _run(migrated, "create", "reports", "--scope", "accounts:read")
    revoked = _run(migrated, "revoke", "reports")

    status, out, error = _run(migrated, "list")
    as_json = json.loads(_run(migrated, "list", "--json")[1])

    assert nobody == (0, "NAME  SCOPES  LAST USE (UTC)  SECRETS  STATE\n", "")
    assert revoked == (0, "reports: revoked; none of its secrets counts any more\n", "")
    assert (status, error) == (0, "")
    lines = [re.split(" {2,}", line) for line in out.splitlines()[1:]]
    assert lines[0][:4] == ["reports", "accounts:read", "-", "0"]
    assert re.fullmatch(r"revoked 20[0-9: -]{14}", lines[0][4])
    assert lines[1] == ["stamping", "accounts:read,invoices:write", "-", "2", "good"]
    assert [(each["name"], len(each["secrets"])) for each in as_json] == [("reports", 1), ("stamping", 2)]
    assert "tac_" not in out + str(as_json)


def test_what_is_revoked_or_unknown_is_refused(migrated: Path) -> None:
    _run(migrated, "create", "stamping", "--scope", "accounts:read")
    _run(migrated, "revoke", "stamping", "--json")

    for action in ("rotate", "revoke"):
        for name in ("stamping", "stamp"):
            assert _run(migrated, action, name) == (1, "", f"{name}: no client has this name, or it was revoked\n")
    assert json.loads(_run(migrated, "rotate", "stamp", "--json")[1]) == {
        "error": "stamp: no client has this name, or it was revoked"
    }


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
