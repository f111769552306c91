"""Ending every session, and every password, of more accounts than one transaction takes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.account import Account
from models.mailed_password import MailedPassword
from models.session import Session
from services.accounts.revocation import Revocation, revoke_everything
from services.common.clock import utc_now
from tests.actors import OPERATOR
from tests.forms import RFC

pytestmark = pytest.mark.usefixtures("database")

ACCOUNTS = 1050
SESSIONS = 2 * ACCOUNTS


@pytest.fixture(autouse=True)
async def everybody(database: dict[str, Any]) -> None:
    """Accounts with two sessions each; every third has no password."""
    accounts = list(_accounts())
    await Account.bulk_create(accounts, batch_size=400)
    await Session.bulk_create(_sessions(accounts), batch_size=400)
    expires_at = utc_now() + timedelta(hours=1)
    await MailedPassword.create(digest="b" * 64, account_id=accounts[0].id, expires_at=expires_at)


def _accounts() -> Iterator[Account]:
    now = utc_now()
    for number in range(ACCOUNTS):
        email = f"user{number}@example.com"
        yield Account(
            id=uuid4(),
            email_key=email,
            email=email,
            rfc=RFC,
            password_hash="x" if number % 3 else None,
            language="es",
            created_at=now,
            confirmed_at=now,
        )


def _sessions(accounts: list[Account]) -> Iterator[Session]:
    now = utc_now()
    moments = {"created_at": now, "last_seen_at": now, "ends_at": now, "expires_at": now}
    for number, account in enumerate([*accounts, *accounts]):
        yield Session(id=uuid4(), account_id=account.id, digest=f"{number:064}", **moments)


async def _walk(*, passwords: bool, after: UUID | None = None) -> list[Revocation]:
    return [done async for done in revoke_everything(OPERATOR, passwords=passwords, after=after)]


async def test_every_session_ends_and_passwords_stay_and_progress_is_reported() -> None:
    *parts, done = await _walk(passwords=False)

    assert [part.accounts for part in parts] == [500, 1000]
    assert all(ACCOUNTS * 0.8 < part.expected(None) < ACCOUNTS * 1.2 for part in parts)
    assert (done.accounts, done.sessions, done.passwords) == (ACCOUNTS, SESSIONS, 0)
    assert await Session.all().count() == 0
    assert await Account.filter(password_hash="x", password_generation=1).count() == ACCOUNTS * 2 // 3
    assert await MailedPassword.all().count() == 1


async def test_every_password_ends_with_the_sessions_and_a_second_run_finds_nothing() -> None:
    *_, done = await _walk(passwords=True)

    assert (done.accounts, done.sessions, done.passwords) == (ACCOUNTS, SESSIONS, ACCOUNTS * 2 // 3)
    assert await Account.filter(password_hash__isnull=True, password_generation=2).count() == ACCOUNTS
    assert [await model.all().count() for model in (Session, MailedPassword)] == [0, 0]
    *_, again = await _walk(passwords=True)
    assert (again.accounts, again.sessions, again.passwords) == (ACCOUNTS, 0, 0)


async def test_a_run_that_stopped_is_continued_without_repeating_its_accounts() -> None:
    stopped = await anext(revoke_everything(OPERATOR, passwords=True))
    assert stopped.last
    recovered = await Account.all().order_by("id").first()
    assert recovered
    await Account.filter(id=recovered.id).update(password_hash="new")

    *_, rest = await _walk(passwords=True, after=stopped.last)

    assert stopped.accounts + rest.accounts == ACCOUNTS
    assert stopped.sessions + rest.sessions == SESSIONS
    assert stopped.passwords + rest.passwords == ACCOUNTS * 2 // 3
    assert await Account.filter(password_hash="new").count() == 1
    assert await Session.all().count() == 0
