"""requestAccountDeletion and cancelAccountDeletion, and the worker that does what was asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tortoise.transactions import in_transaction

from models.account import Account
from models.audit_event import AuditEvent
from models.bank_movement import BankMovement
from models.company import Company
from models.delivery import Delivery
from models.event import Event
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.registration import Registration
from models.retained_payment import RetainedPayment
from models.session import Session
from services.cleanup import Cleanup
from services.common.clock import utc_now
from services.common.heartbeat import Turns
from services.events.publishing import lock_account
from services.invoices import reservations
from services.support.account_deletion import RETRY_AFTER
from tests.actors import OPERATOR
from tests.api import Api, found
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, PASSWORD_CHANGE, RFC
from tests.invoices import CLIENT, active_account, paid, reserve, series_of
from tests.paypal.payers import BANK, PLAN, complete, keep_payment, payer, start_approved, start_pending, takes_paypal
from tests.paypal.server import PayPalServer
from tests.races import uncommitted
from tests.stored_accounts import store_account
from tests.stores import ON_SQLITE

WEEK = timedelta(days=7)


@pytest.fixture
async def me(api: Api) -> Api:
    """Somebody who has just signed in."""
    await api.confirmed()
    return api.signed_in(await api.token())


async def _make_due() -> None:
    """As if the person had had the time to think."""
    now = utc_now()
    asked = Account.filter(deletion_due_at__isnull=False)
    await asked.update(deletion_due_at=now - timedelta(minutes=1), deletion_turn_at=now - timedelta(minutes=1))


async def _run(api: Api) -> None:
    await api.composition.services.deletion.run_due()


async def _kinds() -> list[str]:
    return sorted([each.kind for each in await Delivery.filter(pending_key__isnull=False)])


async def test_a_request_says_when_and_ends_nothing_yet(me: Api) -> None:
    before = datetime.now(UTC)

    asked = await me.run("RequestAccountDeletion")

    due_at = datetime.fromisoformat(asked["dueAt"])
    requested_at = datetime.fromisoformat(asked["account"]["deletion"]["requestedAt"])
    assert asked["__typename"] == "RequestAccountDeletionSuccess"
    assert due_at - requested_at == WEEK
    assert abs(requested_at - before) < timedelta(seconds=10)
    assert asked["account"]["deletion"]["dueAt"] == asked["dueAt"]
    assert (await me.run("Me"))["deletion"] == asked["account"]["deletion"]
    await _run(me)
    assert await Account.all().count() == 1
    event = await AuditEvent.get(kind="deletion_requested")
    assert (event.actor, event.account_id) == ("client", (await Account.get()).id)


async def test_the_mail_says_what_goes_when_and_how_to_take_it_back(me: Api) -> None:
    await me.run("RequestAccountDeletion")
    due_at = (await Account.get()).deletion_due_at
    assert due_at

    (mail,) = await me.mails()

    assert mail["to"] == EMAIL
    assert "eliminar" in mail["subject"]
    assert found(RFC, mail)
    assert found(str(due_at.astimezone(UTC).year), mail)
    assert found("cancela la eliminación", mail)


async def test_asking_again_changes_nothing_and_mails_nothing(me: Api) -> None:
    first = await me.run("RequestAccountDeletion")
    await me.mails()

    again = await asyncio.gather(*(me.run("RequestAccountDeletion") for _ in range(3)))

    assert [each["account"]["deletion"] for each in again] == [first["account"]["deletion"]] * 3
    assert await me.mails() == []
    assert await AuditEvent.filter(kind="deletion_requested").count() == 1


async def test_several_first_requests_at_once_are_one(me: Api) -> None:
    asked = await asyncio.gather(*(me.run("RequestAccountDeletion") for _ in range(5)))

    assert len({each["dueAt"] for each in asked}) == 1
    assert len(await me.mails()) == 1
    assert await AuditEvent.filter(kind="deletion_requested").count() == 1


async def test_a_session_alone_is_not_enough_to_ask_but_to_take_back(me: Api) -> None:
    await Session.all().update(proved_at=None)
    refused = await me.run("RequestAccountDeletion")
    await me.act("Reauthenticate", password=PASSWORD)
    await me.run("RequestAccountDeletion")
    await Session.all().update(proved_at=None)

    canceled = await me.run("CancelAccountDeletion")

    assert refused["__typename"] == "ReauthenticationRequiredError"
    assert canceled["__typename"] == "CancelAccountDeletionSuccess"
    assert canceled["account"]["deletion"] is None


async def test_taking_back_keeps_the_account_and_mails_so_once(me: Api) -> None:
    await me.run("RequestAccountDeletion")

    canceled = await asyncio.gather(*(me.run("CancelAccountDeletion") for _ in range(3)))

    assert {each["__typename"] for each in canceled} == {"CancelAccountDeletionSuccess"}
    (mail,) = await me.mails()  # the other one had not left
    assert "ya no se va a eliminar" in mail["subject"]
    await _make_due()
    await _run(me)
    assert (await me.run("Me"))["deletion"] is None
    assert await AuditEvent.filter(kind="deletion_canceled").count() == 1
    assert (await me.run("CancelAccountDeletion"))["__typename"] == "CancelAccountDeletionSuccess"
    assert await me.mails() == []


@ON_SQLITE
async def test_strangers_and_mailed_passwords_can_neither_ask_nor_take_back(api: Api, me: Api) -> None:
    restricted = api.signed_in(await api.token(password=await api.recover()))
    operations = ("RequestAccountDeletion", "CancelAccountDeletion")

    strangers = [(await api.run(operation))["__typename"] for operation in operations]
    mailed = [(await restricted.run(operation))["__typename"] for operation in operations]

    assert strangers == ["NotAuthenticatedError"] * 2
    assert mailed == ["PasswordChangeRequiredError"] * 2


async def test_a_day_before_the_person_is_reminded_once(me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await me.mails()
    due_at = (await Account.get()).deletion_due_at
    turn_at = (await Account.get()).deletion_turn_at
    assert due_at
    assert turn_at == due_at - timedelta(days=1)
    await Account.all().update(deletion_turn_at=utc_now())

    await asyncio.gather(*(_run(me) for _ in range(3)))
    await _run(me)

    (mail,) = await me.mails()
    assert "Falta poco" in mail["subject"]
    assert (await Account.get()).deletion_turn_at == due_at


@ON_SQLITE
async def test_the_days_to_think_are_a_setting(make_api: MakeApi) -> None:
    api = await make_api(account_deletion_days=1)
    await api.confirmed()
    await api.signed_in(await api.token()).run("RequestAccountDeletion")

    account = await Account.get()

    assert account.deletion_due_at
    assert account.deletion_requested_at == account.deletion_due_at - timedelta(days=1)
    assert account.deletion_turn_at == account.deletion_due_at  # too soon for a reminder


async def test_what_is_due_goes_except_what_the_law_keeps(api: Api) -> None:
    me = await payer(api)
    account = await Account.get()
    await paid(account, utc_now(), reference="0000000004")
    reservation = await reserve(account.id, await series_of(account, name="B"))
    await reservations.release(CLIENT, reservation.request_id, utc_now)
    await me.run("RequestAccountDeletion")
    await _make_due()

    await _run(api)

    assert await me.run("Me") is None
    assert [await model.all().count() for model in (Account, Company, Session, Payment, InvoiceReservation)] == [0] * 5
    kept = await RetainedPayment.get()
    assert (kept.rfc, kept.reference, kept.retained_until.year) == (RFC, "0000000004", utc_now().year + 6)
    last = await Event.all().order_by("-id").first()
    assert last
    assert (last.type, last.account_id) == ("account.deleted", account.id)
    event = await AuditEvent.get(kind="account_deleted")
    assert (event.actor, event.account_id) == ("worker", account.id)
    (mail,) = await api.mails()
    assert "Eliminamos tu cuenta" in mail["subject"]
    assert await Delivery.all().count() == 0


async def test_email_and_rfc_are_free_again(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await _make_due()
    await _run(api)
    await api.mails()

    await api.confirmed()

    assert (await api.signed_in(await api.token()).run("Me"))["deletion"] is None


async def test_several_workers_delete_each_account_once(api: Api) -> None:
    now = utc_now()
    due: dict[str, Any] = {"deletion_requested_at": now - WEEK, "deletion_due_at": now, "deletion_turn_at": now}
    accounts = [await active_account(**due) for _ in range(6)]
    bystander = await store_account()

    await asyncio.gather(*(_run(api) for _ in range(4)))

    assert [account.id for account in await Account.all()] == [bystander.id]
    assert await RetainedPayment.all().count() == len(accounts)
    deleted = await AuditEvent.filter(kind="account_deleted")
    assert sorted(str(each.account_id) for each in deleted) == sorted(str(account.id) for account in accounts)
    assert len(await api.mails()) == len(accounts)


async def test_a_worker_that_is_killed_at_any_moment_leaves_all_or_nothing(api: Api) -> None:
    now = utc_now()
    due: dict[str, Any] = {"deletion_requested_at": now - WEEK, "deletion_due_at": now, "deletion_turn_at": now}
    ended: list[bool] = []

    while len(ended) < 25 or (len(ended) < 500 and not any(ended)):  # until one was done in time, on any machine
        account = await active_account(**due)
        worker = asyncio.create_task(_run(api))
        await asyncio.sleep(len(ended) * 0.002)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        ended.append(not await Account.exists(id=account.id))
        assert await RetainedPayment.all().count() == int(ended[-1])
        assert await Payment.all().count() == await Company.all().count() == int(not ended[-1])
        assert await Delivery.filter(kind="account_deleted").count() == int(ended[-1])
        later = await Account.get_or_none(id=account.id)
        assert later is None or (later.deletion_turn_at and later.deletion_turn_at <= now + RETRY_AFTER * 2)
        await _make_due()
        await _run(api)
        assert (await Account.all().count(), await RetainedPayment.all().count()) == (0, 1)
        await RetainedPayment.all().delete()
        await Delivery.all().delete()

    assert {True, False} == set(ended)


async def test_taking_back_and_the_worker_at_once_agree(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await _make_due()

    canceled, _ = await asyncio.gather(me.run("CancelAccountDeletion"), _run(api))

    kept = await Account.exists(email_key=EMAIL)
    expected = "CancelAccountDeletionSuccess" if kept else "NotAuthenticatedError"
    assert canceled["__typename"] == expected
    assert await _kinds() == (["deletion_canceled"] if kept else ["account_deleted"])


async def test_a_deletion_that_is_taken_back_before_the_account_is_locked_does_not_happen(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await _make_due()
    account = await Account.get()
    locked = asyncio.Event()

    async def take_back() -> None:
        async with in_transaction():
            await lock_account(account.id)
            await Account.filter(id=account.id).update(deletion_due_at=None, deletion_turn_at=None)
            locked.set()
            await asyncio.sleep(0.3)

    async def delete() -> object:
        await locked.wait()
        return await api.composition.deletion.delete_due(account.id)

    await asyncio.gather(take_back(), delete())

    assert await Account.exists(id=account.id)
    assert "account_deleted" not in await _kinds()


async def test_whoever_registers_again_meanwhile_is_not_deleted(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await _make_due()
    gone = (await Account.get()).id
    await _run(api)
    await api.mails()
    await api.register()

    await api.composition.deletion.delete_due(gone)

    assert await Registration.all().count() == 1


async def test_an_open_invoice_holds_a_deletion_up_until_it_is_decided(api: Api) -> None:
    me = await payer(api)
    account = await Account.get()
    await paid(account, utc_now())
    series_id = await series_of(account, name="B")
    early = await reserve(account.id, series_id)
    refused = await me.run("RequestAccountDeletion")
    await reservations.release(CLIENT, early.request_id, utc_now)
    await me.run("RequestAccountDeletion")
    late = await reserve(account.id, series_id)
    await _make_due()

    await _run(api)

    assert refused["__typename"] == "InvoicesOpenError"
    waiting = await Account.get()
    assert waiting.deletion_turn_at
    assert waiting.deletion_turn_at > utc_now()
    assert "account_deleted" not in await _kinds()
    await reservations.confirm(CLIENT, late.request_id, uuid4(), utc_now)
    await _make_due()
    await _run(api)
    assert await Account.all().count() == 0


async def test_a_deposit_that_waits_for_a_decision_holds_it_up(api: Api) -> None:
    me = await payer(api)
    account = await Account.get()
    payment = await keep_payment(account.id, utc_now(), status="paid", paid_at=utc_now())
    await BankMovement.create(id="m" * 64, payment_id=payment.id, seen_at=utc_now())

    refused = await me.run("RequestAccountDeletion")

    assert refused["__typename"] == "PaymentUndecidedError"
    assert (await me.run("Me"))["deletion"] is None
    assert await _kinds() == []


async def test_a_pending_payment_at_paypal_holds_it_up(make_api: MakeApi, paypal: PayPalServer) -> None:
    api = await make_api(**takes_paypal(paypal))
    me = await payer(api)
    await start_pending(me, paypal)

    assert (await me.run("RequestAccountDeletion"))["__typename"] == "PaymentUndecidedError"


async def test_nobody_pays_for_an_account_that_is_about_to_end(make_api: MakeApi, paypal: PayPalServer) -> None:
    api = await make_api(**takes_paypal(paypal), **BANK)
    me = await payer(api)
    order_id = await start_approved(me, paypal)
    await me.act("RequestBankDeposit", planId=PLAN)
    asked = await me.run("RequestAccountDeletion")

    completed = await complete(me, order_id)
    refused = [await me.act(name, planId=PLAN) for name in ("StartPayPalPayment", "RequestBankDeposit")]

    assert asked["account"]["openDeposit"] is None
    assert completed["__typename"] == "PaymentNotFoundError"
    assert {each["__typename"] for each in refused} == {"DeletionPendingError"}
    assert {payment.status for payment in await Payment.all()} == {"canceled"}
    assert all(paypal.paid(str(payment.id)) == 0 for payment in await Payment.all())
    await me.run("CancelAccountDeletion")
    assert (await me.act("RequestBankDeposit", planId=PLAN))["__typename"] == "RequestBankDepositSuccess"


async def test_cleanup_deletes_what_is_due_and_goes_on_if_that_fails(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")
    await _make_due()
    expired = await Registration.create(
        id=uuid4(),
        email_key="eva@example.com",
        email="eva@example.com",
        rfc=RFC,
        password_hash="none",
        language="es",
        created_at=utc_now() - timedelta(days=30),
    )

    async def fail() -> None:
        await _run(api)
        raise RuntimeError("a bug")

    stopped = asyncio.Event()
    cleanup = asyncio.create_task(Cleanup(delete_accounts=fail).run(stopped, Turns()))
    for _ in range(200):
        if not await Registration.exists(id=expired.id):
            break
        await asyncio.sleep(0.02)
    stopped.set()
    await cleanup

    assert await Account.all().count() == await Registration.all().count() == 0


async def test_passwords_that_are_verified_while_the_account_goes_open_and_change_nothing(api: Api, me: Api) -> None:
    changed, opened = await uncommitted(
        lambda: api.composition.deletion.delete(OPERATOR, EMAIL),
        lambda: me.act("ChangePassword", **PASSWORD_CHANGE),
        lambda: api.act("Login", email=EMAIL, password=PASSWORD),
    )

    assert (changed["__typename"], opened["__typename"]) == ("NotAuthenticatedError", "InvalidCredentialsError")
    assert await Account.all().count() == 0


async def test_an_operator_can_delete_before_the_day_comes(api: Api, me: Api) -> None:
    await me.run("RequestAccountDeletion")

    await api.composition.deletion.delete(OPERATOR, EMAIL)

    assert await Account.all().count() == 0
    assert await _kinds() == ["account_deleted"]
