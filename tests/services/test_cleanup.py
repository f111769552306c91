"""The cleanup removes what has expired, and nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.models import Model

from models.account import Account
from models.api_client import ApiClient
from models.api_client_secret import ApiClientSecret
from models.audit_event import AuditEvent
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.heartbeat import Heartbeat
from models.known_network import KnownNetwork
from models.limit_counter import LimitCounter
from models.mailed_password import MailedPassword
from models.payment import Payment
from models.registration import Registration
from models.remembered_device import RememberedDevice
from models.session import Session
from models.spent_captcha import SpentCaptcha
from services.cleanup import LOCK, Cleanup, Retention
from services.common.heartbeat import Turns
from tests.paypal.payers import keep_payment
from tests.stored_accounts import store_account, store_company

pytestmark = pytest.mark.usefixtures("database")

_NOW = datetime.now(UTC).replace(microsecond=0)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_A_MOMENT = timedelta(minutes=1)
_EMAIL = "ana@example.com"

_numbers = count(1)


@pytest.fixture
def cleanup() -> Cleanup:
    return Cleanup(clock=lambda: _NOW)


async def _account() -> UUID:
    return (await store_account(f"{next(_numbers)}@example.com")).id


async def _registration(created_at: datetime, email_key: str = _EMAIL) -> UUID:
    registration = await Registration.create(
        id=uuid4(),
        email_key=email_key,
        email=email_key,
        rfc="EKU9003173C9",
        password_hash="x",
        language="es",
        created_at=created_at,
    )
    return registration.id


async def _secret(expires_at: datetime | None) -> None:
    client = await ApiClient.create(id=uuid4(), name=f"{next(_numbers)}", scopes="accounts:read", created_at=_NOW)
    digest = f"{next(_numbers)}"
    await ApiClientSecret.create(digest=digest, client_id=client.id, created_at=_NOW, expires_at=expires_at)


async def _code(expires_at: datetime, registration_id: UUID | None = None) -> None:
    owner = registration_id or await _registration(_NOW)
    await ConfirmationCode.create(digest=f"{next(_numbers)}", registration_id=owner, expires_at=expires_at)


async def _confirmed_code(expires_at: datetime) -> None:
    await ConfirmedCode.create(digest=f"{next(_numbers)}", account_id=await _account(), expires_at=expires_at)


async def _mailed_password(expires_at: datetime) -> None:
    await MailedPassword.create(digest=f"{next(_numbers)}", account_id=await _account(), expires_at=expires_at)


async def _session(expires_at: datetime) -> None:
    await Session.create(
        id=uuid4(),
        account_id=await _account(),
        digest=f"{next(_numbers)}",
        created_at=_NOW,
        last_seen_at=_NOW,
        ends_at=_NOW + 30 * _DAY,
        expires_at=expires_at,
    )


async def _spent_captcha(expires_at: datetime) -> None:
    await SpentCaptcha.create(id=f"{next(_numbers)}", expires_at=expires_at)


async def _delivery(finished_at: datetime | None, email_key: str = _EMAIL, kind: str = "confirmation") -> None:
    await Delivery.create(
        id=uuid4(),
        kind=kind,
        email_key=email_key,
        pending_key=None if finished_at else f"{kind}:{email_key}",
        requested_at=_NOW - 40 * _DAY,
        due_at=_NOW - 40 * _DAY,
        finished_at=finished_at,
    )


async def _heartbeat(beaten_at: datetime) -> None:
    turns: dict[str, Any] = dict.fromkeys(("mail_at", "cleanup_at", "payments_at"), beaten_at)
    await Heartbeat.create(id=uuid4(), host="node", beaten_at=beaten_at, **turns)


async def _limit_counter(expires_at: datetime) -> None:
    await LimitCounter.create(key=f"{next(_numbers)}", count=1, expires_at=expires_at.timestamp())


async def _failure_streak(touched_at: datetime) -> None:
    await FailureStreak.create(key=f"{next(_numbers)}", count=1, touched_at=touched_at.timestamp())


async def _remembered_device(expires_at: datetime) -> None:
    await RememberedDevice.create(
        id=uuid4(),
        account_id=await _account(),
        digest=f"{next(_numbers)}",
        password_generation=1,
        session_id=uuid4(),
        created_at=expires_at,
        last_used_at=expires_at,
        expires_at=expires_at,
    )


async def _known_network(last_seen_at: datetime) -> None:
    await KnownNetwork.create(key=f"{next(_numbers)}", last_seen_at=last_seen_at)


async def _payment(due_at: datetime, status: str = "expired") -> None:
    await keep_payment(await _account(), _NOW, status=status, due_at=due_at)


async def _event(at: datetime, kind: str = "confirmed") -> None:
    await AuditEvent.create(id=uuid4(), at=at, kind=kind, actor="client")


Make = Callable[[datetime], Awaitable[Any]]


_KINDS: list[tuple[type[Model], Make, timedelta]] = [  # how a row is made at a moment, and how long it is kept after it
    (ApiClientSecret, _secret, 30 * _DAY),
    (ConfirmationCode, _code, timedelta()),
    (ConfirmedCode, _confirmed_code, timedelta()),
    (MailedPassword, _mailed_password, timedelta()),
    (RememberedDevice, _remembered_device, timedelta()),
    (Session, _session, timedelta()),
    (SpentCaptcha, _spent_captcha, timedelta(hours=1)),
    (Delivery, _delivery, 30 * _DAY),
    (Heartbeat, _heartbeat, _DAY),
    (LimitCounter, _limit_counter, timedelta()),
    (FailureStreak, _failure_streak, 30 * _DAY),
    (KnownNetwork, _known_network, 90 * _DAY),
    (AuditEvent, _event, 365 * _DAY),
    (Payment, _payment, timedelta()),
    (Registration, _registration, _WEEK),
]


async def test_a_payment_that_is_paid_or_still_waiting_stays(cleanup: Cleanup) -> None:
    for status in ("open", "pending", "paid", "refunded"):
        await _payment(_NOW - 400 * _DAY, status)

    assert await cleanup.clean_up() == 0
    assert await Payment.all().count() == 4


async def test_expired_rows_are_removed_and_others_stay(cleanup: Cleanup) -> None:
    for model, make, kept_for in _KINDS:
        await make(_NOW - kept_for - _A_MOMENT)
        expired = {row.pk for row in await model.all()}
        await make(_NOW - kept_for + _A_MOMENT)
        await make(_NOW - kept_for + _DAY)
        assert len(expired) == 1, model

        removed = await cleanup.clean_up()

        left = {row.pk for row in await model.all()}
        assert (removed, len(left), left & expired) == (1, 2, set()), model
        await model.all().delete()
        await Registration.all().delete()


async def test_an_unsent_mail_is_never_removed(cleanup: Cleanup) -> None:
    await _delivery(None)

    assert await cleanup.clean_up() == 0
    assert await Delivery.all().count() == 1


async def test_removing_a_session_or_mailed_password_keeps_its_account(cleanup: Cleanup) -> None:
    await _session(_NOW - _DAY)
    await _mailed_password(_NOW - _DAY)

    await cleanup.clean_up()

    assert await Account.all().count() == 2


async def test_a_registration_of_a_week_with_a_live_code_stays(cleanup: Cleanup) -> None:
    registration_id = await _registration(_NOW - 2 * _WEEK)
    await _code(_NOW - _A_MOMENT, registration_id)
    await _code(_NOW + _A_MOMENT, registration_id)

    removed = await cleanup.clean_up()

    assert removed == 1  # the code that expired
    assert await Registration.exists(id=registration_id)


async def test_a_registration_of_a_week_is_removed_with_its_last_code(cleanup: Cleanup) -> None:
    registration_id = await _registration(_NOW - _WEEK)
    await _code(_NOW - _A_MOMENT, registration_id)
    await _code(_NOW - _DAY, registration_id)

    removed = await cleanup.clean_up()

    assert removed == 3
    assert not await Registration.exists(id=registration_id)


async def test_a_registration_of_a_week_with_a_pending_mail_stays(cleanup: Cleanup) -> None:
    emails = {"confirmation": _EMAIL, "recovery": "ivo@example.com"}
    for kind, email in emails.items():
        await _registration(_NOW - 2 * _WEEK, email)
        await _delivery(None, email, kind)
    await _registration(_NOW - 2 * _WEEK, "eva@example.com")

    removed = await cleanup.clean_up()

    assert removed == 1
    assert {row.email_key for row in await Registration.all()} == set(emails.values())


async def test_a_mail_that_was_sent_keeps_no_registration(cleanup: Cleanup) -> None:
    await _registration(_NOW - _WEEK)
    await _delivery(_NOW - _DAY)

    assert await cleanup.clean_up() == 1
    assert await Registration.all().count() == 0
    assert await Delivery.all().count() == 1


async def test_more_than_one_batch_is_removed_at_once(cleanup: Cleanup) -> None:
    expired = [SpentCaptcha(id=f"{n}", expires_at=_NOW - _DAY) for n in range(1001)]
    await SpentCaptcha.bulk_create([*expired, SpentCaptcha(id="alive", expires_at=_NOW)])

    removed = await cleanup.clean_up()

    assert removed == 1001
    assert [row.id for row in await SpentCaptcha.all()] == ["alive"]


async def test_more_than_one_batch_of_registrations_is_removed_without_live_ones(cleanup: Cleanup) -> None:
    """The only kind that is found by a join: a batch must neither stop early nor loop."""
    await Registration.bulk_create(
        Registration(
            id=uuid4(),
            email_key=f"{n}@example.com",
            email=f"{n}@example.com",
            rfc="EKU9003173C9",
            password_hash="x",
            language="es",
            created_at=_NOW - 2 * _WEEK,
        )
        for n in range(501)
    )
    alive = await _registration(_NOW - 2 * _WEEK)
    for _ in range(3):
        await _code(_NOW + _DAY, alive)

    removed = await cleanup.clean_up()

    assert removed == 501
    assert [row.id for row in await Registration.all()] == [alive]


async def test_a_secret_that_does_not_expire_and_its_client_stay(cleanup: Cleanup) -> None:
    await _secret(None)
    await _secret(_NOW - 31 * _DAY)

    assert await cleanup.clean_up() == 1
    assert (await ApiClientSecret.all().count(), await ApiClient.all().count()) == (1, 2)


async def test_accounts_of_an_earlier_version_get_the_time_of_their_last_known_change(cleanup: Cleanup) -> None:
    moments = {name: _NOW - days * _DAY for name, days in (("confirmed", 9), ("company", 8), ("active", 7))}
    confirmed = {"confirmed_at": moments["confirmed"], "updated_at": None}
    await store_account("confirmed@example.com", **confirmed)
    await store_company(await store_account("company@example.com", **confirmed), updated_at=moments["company"])
    paid = await store_account("active@example.com", **confirmed, active_since=moments["active"])
    await store_company(paid, updated_at=moments["company"])
    await store_account("known@example.com", confirmed_at=_NOW, updated_at=_NOW - 3 * _DAY)

    await cleanup.clean_up()

    filled_in = {account.email: account.updated_at for account in await Account.all()}
    assert filled_in == {
        **{f"{name}@example.com": moment for name, moment in moments.items()},
        "known@example.com": _NOW - 3 * _DAY,
    }


async def test_an_account_that_an_old_node_has_just_created_becomes_the_newest(cleanup: Cleanup) -> None:
    await store_account(confirmed_at=_NOW - timedelta(hours=23), updated_at=None)

    await cleanup.clean_up()

    assert (await Account.get()).updated_at == _NOW


async def test_more_than_one_batch_of_accounts_is_filled_in(cleanup: Cleanup) -> None:
    await Account.bulk_create(
        Account(
            id=uuid4(),
            email_key=f"{n}@example.com",
            email=f"{n}@example.com",
            rfc="EKU9003173C9",
            language="es",
            created_at=_NOW - _WEEK,
            confirmed_at=_NOW - _WEEK,
        )
        for n in range(1_001)
    )

    await cleanup.clean_up()

    assert await Account.filter(updated_at=_NOW - _WEEK).count() == 1_001


async def test_an_empty_database_has_nothing_to_sweep(cleanup: Cleanup) -> None:
    assert await cleanup.clean_up() == 0


async def test_two_workers_can_clean_up_at_the_same_time(cleanup: Cleanup) -> None:
    for _ in range(50):
        await _spent_captcha(_NOW - _DAY)

    removed = await asyncio.gather(cleanup.clean_up(), Cleanup(clock=lambda: _NOW).clean_up())

    assert sum(removed) == 50
    assert await SpentCaptcha.all().count() == 0


async def test_two_workers_do_not_sweep_at_once(cleanup: Cleanup, request: pytest.FixtureRequest) -> None:
    if get_connection("default").capabilities.dialect == "sqlite":
        pytest.skip("SQLite serves one process")
    await _spent_captcha(_NOW - _DAY)
    other = await asyncpg.connect(request.getfixturevalue("postgresql_url"))
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", LOCK)

        meanwhile = await cleanup.clean_up()
    afterwards = await cleanup.clean_up()
    await other.close()

    assert (meanwhile, afterwards) == (0, 1)


async def test_other_chores_run_with_each_sweep() -> None:
    cleaned_up: list[float] = []

    await Cleanup(clean_up_files=lambda: cleaned_up.append(time.time())).clean_up()

    assert len(cleaned_up) == 1


async def test_cleanup_continues_after_a_failure_and_stops_on_request() -> None:
    stopped, called = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail() -> None:
        loop.call_soon_threadsafe(called.set)
        raise OSError("the folder is gone")

    running = asyncio.create_task(Cleanup(clean_up_files=fail).run(stopped, Turns()))
    await asyncio.wait_for(called.wait(), 5)
    await asyncio.sleep(0.05)

    assert not running.done()
    stopped.set()
    await asyncio.wait_for(running, 5)


async def test_attempts_are_kept_for_a_shorter_time_than_other_events() -> None:
    for kind in ("confirmed", "sign_in_failed", "signed_in", "registered"):
        for age in (_DAY, 5 * _DAY, 9 * _DAY):
            await _event(_NOW - age, kind)

    removed = await Cleanup(Retention(trail=8 * _DAY, attempts=2 * _DAY), clock=lambda: _NOW).clean_up()

    left = await AuditEvent.all().order_by("kind", "at").values_list("kind", "at")
    attempts = ("registered", "sign_in_failed", "signed_in")
    assert left == [
        ("confirmed", _NOW - 5 * _DAY),
        ("confirmed", _NOW - _DAY),
        *[(kind, _NOW - _DAY) for kind in attempts],
    ]
    assert removed == 7
