"""Migrations on a database that holds data, up and down."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from models.account import Account
from models.company import Company
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.limit_counter import LimitCounter
from models.mailed_password import MailedPassword
from models.migrating import EMPTY, behind, downgrade, upgrade
from models.payment import Payment
from models.registration import Registration
from models.series import Series
from models.session import Session
from models.spent_captcha import SpentCaptcha
from models.sql import fetch
from services.clock import utc_now
from tests.api import EMAIL, RFC
from tests.payers import keep_payment

FIRST = "0001_initial"
MODELS = (
    Account,
    Company,
    ConfirmationCode,
    ConfirmedCode,
    Delivery,
    FailureStreak,
    KnownNetwork,
    LimitCounter,
    MailedPassword,
    Payment,
    Registration,
    Series,
    Session,
    SpentCaptcha,
)
LATER = {"Company", "ConfirmedCode", "Payment", "Series"}  # that the first migration does not have


@pytest.fixture
async def configuration(database: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """A database with a row in every table, and the newest migrations again at the end."""
    await _populate()
    yield database
    await upgrade(database)


async def _populate() -> None:
    now, later = utc_now(), utc_now() + timedelta(hours=1)
    person: dict[str, Any] = {"email_key": EMAIL, "email": EMAIL, "rfc": RFC, "password_hash": "none", "language": "es"}
    account = await Account.create(id=uuid4(), **person, created_at=now, confirmed_at=now)
    registration = await Registration.create(id=uuid4(), **person, created_at=now)
    await ConfirmationCode.create(digest="a" * 64, registration_id=registration.id, expires_at=later)
    await ConfirmedCode.create(digest="h" * 64, account_id=account.id, expires_at=later)
    await MailedPassword.create(digest="b" * 64, account_id=account.id, expires_at=later)
    await Session.create(
        id=uuid4(),
        account_id=account.id,
        digest="c" * 64,
        created_at=now,
        last_seen_at=now,
        ends_at=later,
        expires_at=later,
    )
    await Company.create(
        id=uuid4(),
        account_id=account.id,
        legal_name="ESCUELA KEMPER URGATE",
        tax_regime="601",
        postal_code="42501",
        updated_at=now,
    )
    await Series.create(id=uuid4(), account_id=account.id, name="A", first_folio=1, last_taken=0, created_at=now)
    await keep_payment(account.id, now)
    await Delivery.create(id=uuid4(), kind="recovery", email_key=EMAIL, requested_at=now, due_at=now)
    await FailureStreak.create(key="d", count=1, touched_at=now.timestamp())
    await KnownNetwork.create(key="e", last_seen_at=now)
    await LimitCounter.create(key="f", count=1, expires_at=later.timestamp())
    await SpentCaptcha.create(id="g", expires_at=later)


async def _rows() -> dict[str, list[dict[str, Any]]]:
    return {m.__name__: await m.all().order_by(m._meta.pk_attr).values() for m in MODELS}


async def test_back_to_the_first_migration_and_forth_again_its_rows_are_kept(configuration: dict[str, Any]) -> None:
    before = await _rows()

    await downgrade(configuration, FIRST)
    await upgrade(configuration)

    assert all(len(rows) == 1 for rows in before.values())
    assert await _rows() == {**before, **{name: [] for name in LATER}}
    assert await behind(configuration) == []


async def test_everything_can_be_taken_back_and_built_anew(configuration: dict[str, Any]) -> None:
    await downgrade(configuration, EMPTY)

    missing = await behind(configuration)
    await upgrade(configuration)

    assert missing[0] == FIRST
    assert await behind(configuration) == []
    assert [rows for rows in (await _rows()).values() if rows] == []


async def test_many_upgrades_at_once_are_one(configuration: dict[str, Any]) -> None:
    await downgrade(configuration, EMPTY)

    await asyncio.gather(*(upgrade(configuration) for _ in range(8)))

    assert await behind(configuration) == []


async def test_a_database_that_is_away_is_not_taken_for_an_empty_one(configuration: dict[str, Any]) -> None:
    connections = {"default": {**configuration["connections"]["default"]}}
    credentials = connections["default"]["credentials"]
    elsewhere = {"port": 1} if "port" in credentials else {"file_path": "/nowhere/accounts.sqlite3"}
    connections["default"]["credentials"] = {**credentials, **elsewhere}

    with pytest.raises(Exception, match=r"Connect call failed|unable to open"):
        await behind({**configuration, "connections": connections})


async def test_a_step_that_fails_leaves_nothing_behind(configuration: dict[str, Any]) -> None:
    await downgrade(configuration, EMPTY)
    await fetch("CREATE TABLE spent_captcha (id INTEGER)")  # the last table of the first migration is in the way

    with pytest.raises(Exception, match="already exists"):
        await upgrade(configuration)

    await fetch("DROP TABLE spent_captcha")
    await upgrade(configuration)
    assert await behind(configuration) == []
