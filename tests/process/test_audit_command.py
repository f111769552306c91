"""An operator reads the audit trail, and is in it."""

import asyncio
import json
import os
import pwd
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.composition import make_keys
from app.database import connected
from app.operator import current_operator
from app.settings import Settings
from models.audit_event import AuditEvent
from services.audit.actors import Actors, operator
from services.common.pseudonyms import Pseudonyms
from tests.process.in_process import run_here
from tests.stored_accounts import store_account

EMAIL = "ana@example.com"


@pytest.fixture
def data_dir(migrated: Path) -> Path:
    return migrated


def _run(data_dir: Path, *arguments: str) -> tuple[int, list[str], str]:
    result = run_here(data_dir, *arguments, DATA_DIR=str(data_dir), LOG_LEVEL="ERROR")
    return result.returncode, result.stdout.splitlines(), result.stderr


def _keep_events(data_dir: Path) -> None:
    """Of an account: two hours ago with its e-mail only, and an hour ago; of somebody else now."""
    settings = Settings(_env_file=None, data_dir=data_dir)

    async def keep() -> None:
        now = datetime.now(UTC)
        pseudonym = Actors(Pseudonyms(make_keys(settings))).email(EMAIL)
        async with connected(settings.database):
            account = await store_account(EMAIL)
            ago = [now - timedelta(hours=hours) for hours in (2, 1, 0)]
            await AuditEvent.create(id=uuid4(), at=ago[0], kind="registered", actor="client", email=pseudonym)
            await AuditEvent.create(
                id=uuid4(),
                at=ago[1],
                kind="sign_in_failed",
                actor="client",
                account_id=account.id,
                email=pseudonym,
                agent="\x1b[31mred",
            )
            await AuditEvent.create(id=uuid4(), at=ago[2], kind="signed_in", actor="client", account_id=uuid4())

    asyncio.run(keep())


def test_the_events_of_an_email_and_its_account_are_shown_newest_first(data_dir: Path) -> None:
    _keep_events(data_dir)

    status, lines, _ = _run(data_dir, "audit", "Ana@Example.com")

    assert status == 0
    assert [line.split()[2] for line in lines[1:]] == ["sign_in_failed", "registered"]
    assert lines[0].startswith("TIME (UTC)")
    assert lines[1].endswith("?[31mred")


def test_events_are_chosen_by_time_and_number_and_printed_as_json(data_dir: Path) -> None:
    _keep_events(data_dir)
    chosen = {
        ("--since", "90m"): ["signed_in", "sign_in_failed"],
        ("--since", "1d", "--limit", "1"): ["signed_in"],
        ("--since", "2020-01-01", EMAIL): ["sign_in_failed", "registered"],
        ("--since", "2020-01-01T10:00-06:00"): ["signed_in", "sign_in_failed", "registered"],
    }

    for arguments, kinds in chosen.items():
        status, lines, _ = _run(data_dir, "audit", "--json", *arguments)
        assert (status, [json.loads(line)["kind"] for line in lines]) == (0, kinds)


def test_what_is_not_found_or_mistyped_is_said(data_dir: Path) -> None:
    nothing = _run(data_dir, "audit", "eva@example.com")
    wrong = {
        (): "Give an e-mail, --since, or both.\n",
        ("ana",): "'ana' is not an e-mail.\n",
    }

    assert nothing == (1, [], "No events.\n")
    for arguments, sentence in wrong.items():
        assert _run(data_dir, "audit", *arguments) == (2, [], sentence)
    for when in ("yesterday", "999999d", "0001-01-01T00:00+23:00", "2026-13-01", "٣d"):
        status, _, error = _run(data_dir, "audit", "--since", when)
        assert (status, "argument --since: must be such as" in error) == (2, True)
    for limit in ("0", "-1", "1000001", "x", "٣"):
        assert _run(data_dir, "audit", "--since", "1d", "--limit", limit)[0] == 2


def test_a_command_that_ends_sessions_is_in_the_trail_with_its_user(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    _keep_events(data_dir)
    _run(data_dir, "account", "revoke", "--password", EMAIL)
    _run(data_dir, "account", "revoke", "--all")

    _, lines, _ = _run(data_dir, "audit", "--since", "5m", "--json")

    told = {event["kind"]: event["actor"] for event in map(json.loads, lines)}
    assert told == {
        "everybody_revoked": current_operator().name,
        "password_revoked": current_operator().name,
        "signed_in": "client",
    }


def test_the_operator_is_the_systems_user_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")

    users = {"command " + user.pw_name for user in pwd.getpwall()} | {f"command {os.getuid()}"}
    assert current_operator().name in users
    assert operator("ma\x1bría" + "x" * 100).name == "command maría" + "x" * 59
