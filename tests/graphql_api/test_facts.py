"""Whatever changes an account publishes it in the feed, and what failed or changed nothing does not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tortoise.connection import get_connection

from models.account import Account
from models.event import Event
from models.payment import Payment
from models.series import Series
from services.accounts.email import Email
from services.accounts.revocation import revoke_everything
from services.accounts.rfc import Rfc
from services.common.clock import utc_now
from services.common.money import Money
from services.support.account_import import AccountImport
from tests.account_lines import account_line
from tests.actors import OPERATOR
from tests.api import Api
from tests.forms import COMPANY, EMAIL, NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE, RFC
from tests.paypal.payers import PLAN, TOTAL, payer

AMOUNT = Money.parse(TOTAL)


async def _facts(account_id: UUID | str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """The types and details in their order, of all accounts if none is given."""
    events = Event.filter(account_id=account_id) if account_id else Event.all()
    return [(event.type, event.details) for event in await events.order_by("id")]


async def _clean(api: Api) -> Api:
    """A signed-in account whose events are forgotten."""
    await api.account()
    me = api.signed_in(await api.token())
    await Event.all().delete()
    return me


async def test_confirming_publishes_the_account_once(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()
    for _ in range(2):
        assert (await api.act("ConfirmAccount", code=code))["__typename"] == "ConfirmAccountSuccess"

    account = await Account.get()
    assert await _facts(account.id) == [("account.confirmed", {})]


async def test_an_operators_confirmation_is_published(api: Api) -> None:
    await api.register()
    await api.composition.support.confirm(OPERATOR, EMAIL)

    assert await _facts((await Account.get()).id) == [("account.confirmed", {})]


async def test_registering_and_signing_in_publish_nothing(api: Api) -> None:
    me = await _clean(api)
    await api.register(email="ivo@example.com")
    await api.register()
    await api.act("Login", email=EMAIL, password=NEW_PASSWORD)
    await api.token()
    await me.run("Logout")

    assert await _facts() == []


async def test_a_changed_password_is_published_with_the_sessions_that_it_ended(api: Api) -> None:
    me = await _clean(api)
    await me.act("ChangePassword", **PASSWORD_CHANGE)
    alone = await _facts()
    await Event.all().delete()
    await api.token(password=NEW_PASSWORD)
    back = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "newPasswordConfirmation": PASSWORD}
    await me.act("ChangePassword", **back)
    await me.act("ChangePassword", **{**back, "newPassword": "x", "newPasswordConfirmation": "x"})

    assert alone == [("password.changed", {})]
    assert await _facts() == [("sessions.revoked", {}), ("password.changed", {})]


async def test_the_first_use_of_a_mailed_password_is_published(api: Api) -> None:
    await _clean(api)
    mailed = await api.recover()
    for _ in range(2):
        await api.token(password=mailed)

    assert await _facts() == [("password.changed", {}), ("sessions.revoked", {})]


async def test_ended_sessions_are_published(api: Api) -> None:
    me = await _clean(api)
    for _ in range(3):
        await api.token()
    first, *_ = [session["id"] for session in (await me.run("Me"))["sessions"] if not session["current"]]
    for _ in range(2):
        await me.act("RevokeSession", id=first)
        await me.run("RevokeOtherSessions")
    assert await _facts() == [("sessions.revoked", {})] * 2

    assert await api.composition.services.sessions.revoke_all(OPERATOR, EMAIL) == 1
    assert await api.composition.services.sessions.revoke_all(OPERATOR, EMAIL) == 0
    assert await _facts() == [("sessions.revoked", {})] * 3


async def test_an_ended_password_is_published_once(api: Api) -> None:
    await _clean(api)
    for _ in range(2):
        await api.composition.services.passwords.force_reset(OPERATOR, EMAIL)

    assert await _facts() == [("password.changed", {}), ("sessions.revoked", {})]


@pytest.mark.parametrize("passwords", [True, False])
async def test_ending_everything_is_published_for_whom_it_concerns(api: Api, passwords: bool) -> None:
    await _clean(api)
    await payer(api, "ivo@example.com")  # without a password, with a session
    await api.account(email="eva@example.com")
    await Event.all().delete()
    async for _ in revoke_everything(OPERATOR, passwords=passwords):
        pass

    ids = {account.email: account.id for account in await Account.all()}
    changed: tuple[str, dict[str, Any]] = ("password.changed", {})
    revoked: tuple[str, dict[str, Any]] = ("sessions.revoked", {})
    assert await _facts(ids[EMAIL]) == ([changed, revoked] if passwords else [revoked])
    assert await _facts(ids["ivo@example.com"]) == [revoked]
    assert await _facts(ids["eva@example.com"]) == ([changed] if passwords else [])


async def test_company_and_series_are_published(api: Api) -> None:
    me = await _clean(api)
    await me.act("ConfigureCompany", **COMPANY)
    first, second = [(await me.act("CreateSeries", name=name))["series"]["id"] for name in "AB"]
    assert (await me.act("CreateSeries", name="A"))["series"]["id"] == first  # a double click
    await me.act("UpdateSeries", id=first, name="C", firstFolio="1")
    await me.act("UpdateSeries", id=first, name="B", firstFolio="1")
    for series in (second, first):  # the last one stays
        await me.act("DeleteSeries", id=series)

    assert await _facts() == [
        ("account.updated", {"changed": ["company"]}),
        ("series.created", {"seriesId": first}),
        ("series.created", {"seriesId": second}),
        ("series.updated", {"seriesId": first}),
        ("series.deleted", {"seriesId": second}),
    ]


async def test_what_an_operator_changes_is_published(api: Api) -> None:
    me = await _clean(api)
    await me.act("ConfigureCompany", **COMPANY)
    await Event.all().delete()
    support = api.composition.support
    for email in ("ana@Example.com", "ana@Example.com", "eva@example.com"):
        await support.set_email(OPERATOR, (await Account.get()).email_key, Email(email))
    for rfc in ("GODE561231GR8", "GODE561231GR8", "XAXX010101000"):
        await support.set_rfc(OPERATOR, "eva@example.com", Rfc(rfc))

    assert await _facts() == [
        ("account.updated", {"changed": ["email"]}),
        ("account.updated", {"changed": ["email"]}),
        ("sessions.revoked", {}),
        ("account.updated", {"changed": ["rfc", "company"]}),
        ("account.updated", {"changed": ["rfc"]}),
    ]


async def test_a_deletion_is_an_accounts_last_event_and_keeps_the_others(api: Api) -> None:
    me = await _clean(api)
    await me.act("ConfigureCompany", **COMPANY)
    account = await Account.get()
    await api.composition.deletion.delete(OPERATOR, EMAIL)
    await api.register(email="ivo@example.com")
    await api.composition.deletion.delete(OPERATOR, "ivo@example.com")

    assert await _facts() == await _facts(account.id)
    assert await _facts() == [("account.updated", {"changed": ["company"]}), ("account.deleted", {})]


async def test_imported_accounts_are_published_as_if_their_owners_had_begun_here(api: Api) -> None:
    lines = (account_line(), account_line(email="ivo@example.com", company=..., series=...), b"nonsense\n")
    async for _ in AccountImport(api.composition.support.lockout).run(OPERATOR, lines):
        pass

    ids = {account.email: account.id for account in await Account.all()}
    series = await Series.get()
    assert await _facts(ids[EMAIL]) == [
        ("account.confirmed", {}),
        ("account.updated", {"changed": ["company"]}),
        ("series.created", {"seriesId": str(series.id)}),
    ]
    assert await _facts(ids["ivo@example.com"]) == [("account.confirmed", {})]


def _until(account: Account) -> dict[str, Any]:
    assert account.active_until
    return {"activeUntil": account.active_until.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


async def test_a_payment_its_return_and_its_correction_are_published(api: Api) -> None:
    ana = await payer(api)
    deposits = api.composition.services.deposits
    reference = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    expected = []
    for change in (deposits.confirm, deposits.undo, deposits.confirm):
        if change == deposits.undo:
            assert await deposits.undo(OPERATOR, reference)
        else:
            await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
        account = await Account.get()
        fact = "account.activated" if account.active_until and account.active_until > utc_now() else None
        expected.append((fact or "account.deactivated", _until(account)))
        assert account.lapse_due_at == (account.active_until if fact else None)

    assert await _facts() == expected
    assert [fact for fact, _ in expected] == ["account.activated", "account.deactivated", "account.activated"]


async def test_a_refund_that_leaves_paid_time_publishes_its_new_end(api: Api) -> None:
    ana = await payer(api)
    deposits = api.composition.services.deposits
    references = []
    for _ in range(2):
        references.append((await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"])
        await deposits.confirm(OPERATOR, references[-1], AMOUNT, late=True)
        await Payment.filter(reference=references[0]).update(paid_at=utc_now() - timedelta(days=350))
        await Account.all().update(active_until=utc_now() + timedelta(days=15))
    await deposits.undo(OPERATOR, references[1])
    account = await Account.get()

    assert (await _facts())[-1] == ("account.activated", _until(account))
    assert account.lapse_due_at == account.active_until
    assert account.active_until
    assert account.active_until < utc_now() + timedelta(days=16)


async def test_a_payment_after_the_end_of_paid_time_comes_after_the_lapse(api: Api) -> None:
    ana = await payer(api)
    deposits = api.composition.services.deposits
    reference = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
    ended = utc_now() - timedelta(minutes=1)
    await Payment.all().update(paid_at=ended - timedelta(days=366))
    await Account.all().update(active_until=ended, lapse_due_at=ended)  # no worker has seen it
    reference = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
    while await api.composition.event_worker.run_once():
        pass

    kinds = [fact for fact, _ in await _facts()]
    assert kinds == ["account.activated", "account.lapsed", "account.activated"]


async def test_the_end_of_paid_time_is_published_by_the_worker(api: Api) -> None:
    ana = await payer(api)
    deposits = api.composition.services.deposits
    reference = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]["reference"]
    await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
    ended = utc_now() - timedelta(minutes=1)
    await Account.all().update(active_until=ended, lapse_due_at=ended)
    for _ in range(3):
        await api.composition.event_worker.run_once()

    assert [fact for fact, _ in await _facts()] == ["account.activated", "account.lapsed"]
    assert (await _facts())[-1] == ("account.lapsed", _until(await Account.get()))


async def test_an_event_holds_no_secret_no_email_and_no_rfc(api: Api) -> None:
    me = await _clean(api)
    await me.act("ConfigureCompany", **COMPANY)
    await me.act("CreateSeries", name="SERIE")
    await api.composition.support.set_email(OPERATOR, EMAIL, Email("eva@example.com"))
    await api.composition.deletion.delete(OPERATOR, "eva@example.com")

    written = repr(await Event.all().values())
    assert "account.deleted" in written
    secrets = (EMAIL, "eva@example.com", RFC, PASSWORD, COMPANY["legalName"], "26015", "SERIE")
    assert [secret for secret in secrets if secret in written] == []


async def test_nothing_is_done_without_its_event(api: Api) -> None:
    """The table is taken away, so that the event cannot be written."""
    me = await _clean(api)
    await get_connection("default").execute_script("ALTER TABLE event RENAME TO away")
    try:
        response = await me.send("ConfigureCompany", {"input": COMPANY})
        rows = await get_connection("default").execute_query_dict("SELECT id FROM company")
    finally:
        await get_connection("default").execute_script("ALTER TABLE away RENAME TO event")

    assert "errors" in response.json()
    assert rows == []
