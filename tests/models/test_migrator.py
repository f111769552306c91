"""Migrations on a database that holds data, forward and back."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from models import migrations
from models.account import Account
from models.api_client import ApiClient
from models.api_client_secret import ApiClientSecret
from models.audit_event import AuditEvent
from models.bank_movement import BankMovement
from models.company import Company
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.email_change import EmailChange
from models.email_change_code import EmailChangeCode
from models.event import Event
from models.event_feed import EventFeed
from models.export_link import ExportLink
from models.failure_streak import FailureStreak
from models.heartbeat import Heartbeat
from models.invoice_reservation import InvoiceReservation
from models.known_network import KnownNetwork
from models.limit_counter import LimitCounter
from models.login_challenge import LoginChallenge
from models.mailed_password import MailedPassword
from models.migration_losses import Loss, UnknownMigrationError, losses
from models.migrator import EMPTY, MigrationBlockedError, go_to, pending_migrations, upgrade
from models.passkey import Passkey
from models.passkey_challenge import PasskeyChallenge
from models.payment import Payment
from models.privacy_acceptance import PrivacyAcceptance
from models.recovery_code import RecoveryCode
from models.registration import Registration
from models.remembered_device import RememberedDevice
from models.retained_payment import RetainedPayment
from models.series import Series
from models.session import Session
from models.spent_captcha import SpentCaptcha
from models.sql import fetch
from models.totp_factor import TotpFactor
from models.webhook_endpoint import WebhookEndpoint
from services.common.clock import utc_now
from services.payments.stamps import StampService
from tests.forms import EMAIL, RFC
from tests.invoices import active_account
from tests.paypal.payers import keep_payment
from tests.stored_accounts import store_account, store_company

MIGRATIONS = sorted(path.stem for path in Path(migrations.__path__[0]).glob("0*.py"))
FIRST, LAST_BUT_ONE, LAST = MIGRATIONS[0], *MIGRATIONS[-2:]
BEFORE_MOVEMENTS = "0006_owed_by_kind"
API_CLIENTS, INVOICES = "0012_api_clients", "0013_invoices"
BEFORE_DEVICES, INDEX_OF_DEVICES = "0021_sign_in_mails", "idx_remembered__expires_e59d23"
MODELS = (
    Account,
    ApiClient,
    ApiClientSecret,
    AuditEvent,
    BankMovement,
    Company,
    ConfirmationCode,
    ConfirmedCode,
    Delivery,
    EmailChange,
    EmailChangeCode,
    Event,
    EventFeed,
    ExportLink,
    FailureStreak,
    Heartbeat,
    InvoiceReservation,
    KnownNetwork,
    LimitCounter,
    LoginChallenge,
    MailedPassword,
    Passkey,
    PasskeyChallenge,
    Payment,
    PrivacyAcceptance,
    RecoveryCode,
    Registration,
    RememberedDevice,
    RetainedPayment,
    Series,
    Session,
    SpentCaptcha,
    TotpFactor,
    WebhookEndpoint,
)
# That the first migration does not have.
LATER = {
    "ApiClient",
    "ApiClientSecret",
    "AuditEvent",
    "BankMovement",
    "Company",
    "ConfirmedCode",
    "EmailChange",
    "EmailChangeCode",
    "Event",
    "EventFeed",
    "ExportLink",
    "Heartbeat",
    "InvoiceReservation",
    "LoginChallenge",
    "Passkey",
    "PasskeyChallenge",
    "Payment",
    "PrivacyAcceptance",
    "RecoveryCode",
    "RememberedDevice",
    "RetainedPayment",
    "Series",
    "TotpFactor",
    "WebhookEndpoint",
}

_ADD_ACCOUNT = """
INSERT INTO account (id, email_key, email, stage, created_at, confirmed_at, active_until, rfc, language,
  password_generation)
VALUES ($1, $2, $2, $3, $4, $4, $5, 'EKU9003173C9', 'es', 1)
"""


@pytest.fixture
async def configuration(database: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """A database with a row in every table, and the newest migrations again at the end."""
    await _populate()
    yield database
    if "file_path" not in database["connections"]["default"]["credentials"]:  # a file serves one test
        await upgrade(database)


async def _populate() -> None:
    now, later = utc_now(), utc_now() + timedelta(hours=1)
    person: dict[str, Any] = {"email_key": EMAIL, "email": EMAIL, "rfc": RFC, "password_hash": "none", "language": "es"}
    account = await store_account(password_hash="none")
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
    await ExportLink.create(digest="x" * 64, account_id=account.id, expires_at=later)
    await TotpFactor.create(id=uuid4(), account_id=account.id, key="none", created_at=now)
    await RecoveryCode.create(digest="l" * 64, account_id=account.id)
    await RememberedDevice.create(
        id=uuid4(),
        account_id=account.id,
        digest="r" * 64,
        password_generation=1,
        session_id=uuid4(),
        created_at=now,
        last_used_at=now,
        expires_at=now,
    )
    await LoginChallenge.create(digest="m" * 64, account_id=account.id, password_generation=1, expires_at=later)
    await Passkey.create(
        id=uuid4(),
        account_id=account.id,
        credential_id="n",
        public_key="none",
        sign_count=0,
        backup_eligible=False,
        backed_up=False,
        transports="",
        aaguid=str(account.id),
        created_at=now,
    )
    await PasskeyChallenge.create(digest="o" * 64, purpose="sign_in", expires_at=later)
    change = await EmailChange.create(
        id=uuid4(),
        account_id=account.id,
        password_generation=1,
        old_email=EMAIL,
        new_email=EMAIL,
        requested_at=now,
        expires_at=later,
    )
    await EmailChangeCode.create(digest="k" * 64, email_change_id=change.id, expires_at=later)
    await PrivacyAcceptance.create(id=uuid4(), account_id=account.id, version="1", accepted_at=now)
    await store_company(account)
    await Series.create(id=uuid4(), account_id=account.id, name="A", first_folio=1, last_taken=0, created_at=now)
    payment = await keep_payment(account.id, now)
    await BankMovement.create(id="i" * 64, payment_id=payment.id, seen_at=now)
    await RetainedPayment.create(
        id=payment.id,
        rfc=RFC,
        method="paypal",
        status="paid",
        plan_id="negocio",
        subtotal=1000,
        tax=160,
        currency="MXN",
        created_at=now,
        deleted_at=now,
        retained_until=later,
    )
    await Delivery.create(id=uuid4(), kind="recovery", email_key=EMAIL, requested_at=now, due_at=now)
    await FailureStreak.create(key="d", count=1, touched_at=now.timestamp())
    await AuditEvent.create(id=uuid4(), at=now, kind="registered", actor="client")
    await Heartbeat.create(id=uuid4(), host="a", beaten_at=now, mail_at=now, cleanup_at=now, payments_at=now)
    await KnownNetwork.create(key="e", last_seen_at=now)
    await LimitCounter.create(key="f", count=1, expires_at=later.timestamp())
    await SpentCaptcha.create(id="g", expires_at=later)
    client = await ApiClient.create(id=uuid4(), name="stamping", scopes="accounts:read", created_at=now)
    await ApiClientSecret.create(digest="j" * 64, client_id=client.id, created_at=now)
    ids: dict[str, Any] = {name: uuid4() for name in ("id", "client_id", "request_id", "series_id", "payment_id")}
    place: dict[str, Any] = {"account_id": account.id, "series_name": "A", "folio": 1, "stamps_left": 0}
    await InvoiceReservation.create(**ids, **place, reserved_at=now)
    await Event.create(
        event_id=uuid4(), type="account.confirmed", account_id=account.id, occurred_at=now, details={}, position=1
    )
    await EventFeed.create(id=EventFeed.ID, last_position=1)
    await WebhookEndpoint.create(id=uuid4(), url="https://example.com/", created_at=now, position=1)


async def _rows() -> dict[str, list[dict[str, Any]]]:
    return {m.__name__: await m.all().order_by(m._meta.pk_attr).values() for m in MODELS}


async def test_going_back_to_the_first_migration_and_forward_keeps_its_rows(
    configuration: dict[str, Any],
) -> None:
    before = await _rows()

    await go_to(configuration, FIRST)
    await upgrade(configuration)

    assert all(len(rows) == 1 for rows in before.values())
    accounts = [{**row, "updated_at": None} for row in before["Account"]]  # until cleanup sets it
    assert await _rows() == {**before, "Account": accounts, **{name: [] for name in LATER}}
    assert await pending_migrations(configuration) == []


async def test_payments_made_before_stamps_were_counted_have_all_of_theirs(configuration: dict[str, Any]) -> None:
    account = await active_account(stamps=70)
    await go_to(configuration, API_CLIENTS)
    await upgrade(configuration)

    stamps = await StampService().of(account.id)

    assert (stamps.total, stamps.used, stamps.ends_at) == (70, 0, account.active_until)


async def test_several_upgrades_at_once_are_one(configuration: dict[str, Any]) -> None:
    await go_to(configuration, LAST_BUT_ONE)

    missing = await pending_migrations(configuration)
    await asyncio.gather(*(upgrade(configuration) for _ in range(3)))

    assert missing == [LAST]
    assert await pending_migrations(configuration) == []


async def test_an_unreachable_database_is_not_mistaken_for_an_empty_one(configuration: dict[str, Any]) -> None:
    connections = {"default": {**configuration["connections"]["default"]}}
    credentials = connections["default"]["credentials"]
    elsewhere = {"port": 1} if "port" in credentials else {"file_path": "/nowhere/accounts.sqlite3"}
    connections["default"]["credentials"] = {**credentials, **elsewhere}

    with pytest.raises(Exception, match=r"Connect call failed|unable to open"):
        await pending_migrations({**configuration, "connections": connections})


async def test_a_step_that_fails_leaves_nothing_behind(configuration: dict[str, Any]) -> None:
    await go_to(configuration, BEFORE_DEVICES)
    await fetch("UPDATE account SET email = email")  # SQLite learns here that another connection changed the schema
    await fetch(f"CREATE INDEX {INDEX_OF_DEVICES} ON account (id)")  # in the way once the new table has been made

    with pytest.raises(Exception, match="already exists"):
        await upgrade(configuration)

    await fetch(f"DROP INDEX {INDEX_OF_DEVICES}")
    assert await pending_migrations(configuration) == _after(BEFORE_DEVICES)
    await upgrade(configuration)
    assert await pending_migrations(configuration) == []


async def test_everything_that_going_back_drops_is_named_with_its_rows(configuration: dict[str, Any]) -> None:
    lost = await losses(configuration, FIRST)

    dropped = [
        "api_client",
        "api_client_secret",
        "audit_event",
        "bank_movement",
        "company",
        "confirmed_code",
        "email_change",
        "email_change_code",
        "event",
        "event_feed",
        "export_link",
        "heartbeat",
        "invoice_reservation",
        "login_challenge",
        "passkey",
        "passkey_challenge",
        "payment",
        "privacy_acceptance",
    ]
    dropped += ["recovery_code", "remembered_device", "retained_payment", "series", "totp_factor", "webhook_endpoint"]
    assert sorted(loss.table for loss in lost if loss.column is None) == dropped
    assert {loss.rows for loss in lost if loss.column is None} == {1}
    assert Loss("account", "stage", 1) in lost
    assert Loss("account", "active_until", 0) in lost
    changed = {"account", "delivery", "registration", "session", "spent_captcha"}
    assert {loss.table for loss in lost if loss.column} == changed


async def test_going_back_behind_the_first_migration_drops_every_table(configuration: dict[str, Any]) -> None:
    lost = await losses(configuration, EMPTY)

    assert {loss.table for loss in lost} == {model._meta.db_table for model in MODELS}
    assert {(loss.column, loss.rows) for loss in lost} == {(None, 1)}


async def test_going_forward_and_removing_an_index_lose_nothing(configuration: dict[str, Any]) -> None:
    await go_to(configuration, BEFORE_MOVEMENTS)

    of_an_index = await losses(configuration, "0005_same_person")
    forward = await losses(configuration, LAST)

    assert (of_an_index, forward) == ([], [])


async def test_only_ends_of_paid_time_that_are_to_come_are_announced_after_an_upgrade(
    configuration: dict[str, Any],
) -> None:
    now = utc_now()
    await go_to(configuration, INVOICES)
    for number, (stage, days) in enumerate({"active": 1, "deactivated": 1, "confirmed": 0}.items()):
        row = (str(uuid4()), f"{number}@example.com", stage, now, now + timedelta(days=days) if days else None)
        await fetch(_ADD_ACCOUNT, *row)
    await fetch(_ADD_ACCOUNT, str(uuid4()), "lapsed@example.com", "active", now, now - timedelta(days=1))

    await upgrade(configuration)

    due = await Account.filter(lapse_due_at__isnull=False)
    assert [(account.email, account.lapse_due_at) for account in due] == [("0@example.com", now + timedelta(days=1))]


async def test_an_unknown_migration_is_answered_with_the_known_ones(
    configuration: dict[str, Any],
) -> None:
    with pytest.raises(UnknownMigrationError) as caught:
        await losses(configuration, "9999_never")

    assert caught.value.known[:2] == [FIRST, "0002_owed_deliveries"]


async def test_a_migration_waits_for_a_long_transaction_without_blocking_readers(
    configuration: dict[str, Any],
) -> None:
    seconds = []
    async with _long_transaction(configuration):
        migration = asyncio.create_task(go_to(_impatient(configuration), INVOICES))
        until = time.monotonic() + 1.2  # beyond its first wait for the lock, and a part of its pause
        while time.monotonic() < until:
            begun = time.monotonic()
            await fetch("SELECT count(*) FROM account")
            seconds.append(time.monotonic() - begun)
            await asyncio.sleep(0.05)
        blocked = not migration.done()
    await asyncio.wait_for(migration, 30)

    assert blocked
    assert max(seconds) < 4  # half a second for the lock, and what a busy machine adds
    assert await pending_migrations(configuration) == _after(INVOICES)


async def test_a_migration_that_gets_no_lock_in_time_says_so_and_changes_nothing(
    configuration: dict[str, Any],
) -> None:
    before = await _rows()

    async with _long_transaction(configuration):
        with pytest.raises(MigrationBlockedError, match=r"did not get its locks in 0\.1 seconds and changed nothing"):
            await go_to(_impatient(configuration), INVOICES, wait=0.1)

    assert await _rows() == before


def _after(migration: str) -> list[str]:
    return MIGRATIONS[MIGRATIONS.index(migration) + 1 :]


@contextlib.asynccontextmanager
async def _long_transaction(configuration: dict[str, Any]) -> AsyncIterator[None]:
    """A reader's, or a writer's in SQLite, whose readers block nobody."""
    credentials = configuration["connections"]["default"]["credentials"]
    if "file_path" in credentials:
        with contextlib.closing(sqlite3.connect(credentials["file_path"], isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
        return
    names = ("host", "port", "user", "password", "database")
    reader = await asyncpg.connect(**{name: credentials[name] for name in names if name in credentials})
    try:
        async with reader.transaction():
            for model in MODELS:
                await reader.execute(f'SELECT 1 FROM "{model._meta.db_table}"')  # noqa: S608  # ours
            yield
    finally:
        await reader.close()


def _impatient(configuration: dict[str, Any]) -> dict[str, Any]:
    """SQLite waits for 5 seconds otherwise."""
    connection = configuration["connections"]["default"]
    if "file_path" not in connection["credentials"]:
        return configuration
    credentials = {**connection["credentials"], "busy_timeout": "50"}
    return {**configuration, "connections": {"default": {**connection, "credentials": credentials}}}
