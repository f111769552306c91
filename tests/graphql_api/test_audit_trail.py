"""The audit trail: an event for what was done, in its transaction, that reveals no secret."""

from typing import Any

import pytest
from tortoise.connection import get_connection

from models.audit_event import AuditEvent
from models.failure_streak import FailureStreak
from models.payment import Payment
from models.registration import Registration
from services.accounts.lockout import MAX_FAILURES
from services.common.clock import utc_now
from services.common.money import Money
from tests.actors import OPERATOR
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, NEW_PASSWORD, PASSWORD, RFC
from tests.paypal.payers import PLAN, TOTAL, pay, payer, payment_of, start, takes_paypal
from tests.paypal.server import PayPalServer

AMOUNT = Money.parse(TOTAL)
SERIES = ("series_created", "series_changed", "series_deleted")
STRANGER = "ivo@example.com"
AGENT = {"user-agent": f"Facturas/1.0 (contact: {EMAIL}; rfc {RFC})"}


async def _trail(**which: Any) -> list[tuple[str, str | None]]:
    """What happened, in its order, with the details."""
    return [(event.kind, event.detail) for event in await AuditEvent.filter(**which).order_by("at")]


async def _account_id(api: Api, email: str = EMAIL) -> str:
    actors = api.composition.services.login.actors
    assert await AuditEvent.exists(kind="registered", email=actors.email(email))
    return str((await AuditEvent.filter(kind="confirmed").order_by("-at").first()).account_id)  # type: ignore[union-attr]


async def test_registering_signing_in_and_changing_the_password_are_told(api: Api) -> None:
    await api.confirmed()
    await api.act("Login", email=EMAIL, password=NEW_PASSWORD)
    me = api.signed_in(await api.token())
    form = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "newPasswordConfirmation": NEW_PASSWORD}
    await me.act("ChangePassword", **form)

    assert await _trail(account_id=None) == [("registered", None)]
    assert await _trail(account_id=await _account_id(api)) == [
        ("confirmed", None),
        ("sign_in_failed", "wrong password"),
        ("signed_in", None),
        ("password_changed", None),
    ]
    assert await AuditEvent.exclude(actor="client").count() == 0
    assert await AuditEvent.filter(client=None).count() == 0


async def test_recovering_is_told_from_the_request_to_the_first_use(api: Api) -> None:
    await api.confirmed()
    mailed = await api.recover()
    for _ in range(2):
        await api.token(password=mailed)

    assert await _trail(kind="recovery_requested", account_id=None) == [("recovery_requested", None)]
    assert await _trail(account_id=await _account_id(api)) == [
        ("confirmed", None),
        ("recovered", None),
        ("signed_in", "mailed password"),
        ("signed_in", "mailed password"),
    ]


async def test_ending_sessions_is_told_with_their_number(api: Api) -> None:
    await api.confirmed()
    me, *_ = [api.signed_in(await api.token()) for _ in range(4)]
    first, *_ = [session["id"] for session in (await me.run("Me"))["sessions"] if not session["current"]]
    for _ in range(2):
        await me.act("RevokeSession", id=first)
        await me.run("RevokeOtherSessions")

    assert await _trail(kind="sessions_revoked") == [("sessions_revoked", None), ("sessions_revoked", "2 sessions")]
    assert await AuditEvent.filter(subject=first, kind="sessions_revoked").count() == 1


async def test_why_a_sign_in_failed_is_told(api: Api) -> None:
    await api.register()
    await api.act("Login", email=EMAIL, password=PASSWORD)
    await api.act("Login", email=EMAIL, password=NEW_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES)
    await api.act("Login", email=EMAIL, password=PASSWORD)

    failed = [("sign_in_failed", why) for why in ("not confirmed", "wrong password", "locked")]
    assert await _trail(kind="sign_in_failed") == failed


async def test_a_wrong_captcha_is_told_once_and_a_missing_or_forged_one_is_not(make_api: MakeApi) -> None:
    api = await make_api(limit_login_captcha="0/hour", limit_create_account_captcha="0/hour")
    missing = await api.act("Login", email=STRANGER, password=PASSWORD)
    captcha_id = missing["captcha"]["id"]
    for answer in ("otras palabras", api.solution(captcha_id).digits):
        await api.act("Login", email=STRANGER, password=PASSWORD, captcha={"id": captcha_id, "answer": answer})
    for _ in range(3):
        await api.act("Login", email=STRANGER, password=PASSWORD, captcha={"id": "forged", "answer": "x"})

    email = api.composition.services.login.actors.email(STRANGER)
    assert await _trail(email=email) == [("captcha_failed", "login")]


async def test_what_limits_refuse_adds_no_event(make_api: MakeApi) -> None:
    api = await make_api(limit_login="3/hour", limit_create_account="1/hour")
    for _ in range(6):
        await api.act("Login", email=STRANGER, password=PASSWORD)
        await api.register()
    await api.act("Login", email="nobody", password=PASSWORD)

    assert sorted(kind for kind, _ in await _trail()) == ["registered", *["sign_in_failed"] * 3]


async def test_an_event_contains_no_secret_no_email_and_no_rfc(api: Api) -> None:
    api.headers.update(AGENT)
    await api.confirmed()
    token = await api.token()
    mailed = await api.recover()
    await api.act("Login", email=EMAIL, password=NEW_PASSWORD)

    rows = await AuditEvent.all().values()
    written = repr(rows).lower()
    secrets = (EMAIL, RFC, PASSWORD, NEW_PASSWORD, token, mailed, "127.0.0.1", "ana@")
    assert [secret for secret in secrets if secret.lower() in written] == []
    assert {row["agent"] for row in rows} == {"Facturas/1.0 (contact: …; rfc …)"}


async def test_a_client_and_an_email_have_the_same_pseudonym_in_every_event(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1)
    for address, email in (("203.0.113.1", EMAIL), ("203.0.113.1", STRANGER), ("203.0.113.2", EMAIL)):
        await api.send("Login", {"input": {"email": email, "password": PASSWORD}}, {"x-forwarded-for": address})

    first, second, third = await AuditEvent.all().order_by("at")
    assert (first.client, first.email) == (second.client, third.email)
    assert first.client != third.client
    assert first.email != second.email


async def test_company_and_series_are_told_with_the_series(api: Api) -> None:
    await api.confirmed()
    me = api.signed_in(await api.token())
    await me.act("ConfigureCompany", **COMPANY)
    first, second = [(await me.act("CreateSeries", name=name))["series"]["id"] for name in "AB"]
    await me.act("UpdateSeries", id=first, name="C", firstFolio="1")
    for series in (second, first):  # the last one stays
        await me.act("DeleteSeries", id=series)

    told = await AuditEvent.filter(kind__in=["company_changed", *SERIES]).order_by("at").values_list("kind", "subject")
    assert told == [
        ("company_changed", None),
        ("series_created", first),
        ("series_created", second),
        ("series_changed", first),
        ("series_deleted", second),
    ]


async def test_a_deposit_is_told_from_the_request_to_its_return_and_the_payment_bears_it(api: Api) -> None:
    ana = await payer(api)
    deposits = api.composition.services.deposits
    asked = [(await ana.act("RequestBankDeposit", planId=plan))["deposit"] for plan in (PLAN, "empresa", "empresa")]
    payment = await Payment.get(reference=asked[0]["reference"])
    replaced_by = payment.closed_by
    await ana.act("CancelBankDeposit", id=asked[2]["id"])
    await deposits.confirm(OPERATOR, asked[0]["reference"], AMOUNT, late=True)
    paid = await Payment.get(id=payment.id)
    await deposits.undo(OPERATOR, asked[0]["reference"])
    undone = await Payment.get(id=payment.id)
    await deposits.confirm(OPERATOR, asked[0]["reference"], AMOUNT, late=True)
    restored = await Payment.get(id=payment.id)

    assert await _trail(actor="client") == [
        ("deposit_requested", PLAN),
        ("deposit_requested", "empresa"),
        ("deposit_canceled", None),
    ]
    told = await AuditEvent.filter(actor="command maria").order_by("at").values_list("kind", "subject")
    kinds = ("payment_paid", "deposit_undone", "deposit_restored")
    assert told == [(kind, str(payment.id)) for kind in kinds]
    assert replaced_by == "client"
    assert (paid.paid_by, paid.closed_at, paid.closed_by) == ("command maria", None, None)
    assert (undone.undone_by, undone.refunded_at, undone.undone_at is None) == ("command maria", None, False)
    assert (restored.undone_at, restored.undone_by, restored.status) == (None, None, "paid")
    canceled = await Payment.get(reference=asked[2]["reference"])
    assert (canceled.closed_by, canceled.closed_at is None) == ("client", False)


async def test_payments_by_paypal_are_told_with_who_found_out(make_api: MakeApi, paypal: PayPalServer) -> None:
    api = await make_api(**takes_paypal(paypal))
    ana, eva, ivo = [await payer(api, f"{name}@example.com") for name in ("ana", "eva", "ivo")]
    payments = [await payment_of(await pay(each, paypal)) for each in (ana, eva)]
    headers, body = paypal.event_about("PAYMENT.CAPTURE.REVERSED", paypal.reverse(str(payments[0].paypal_capture_id)))
    await api.http.post("/webhooks/paypal", content=body, headers=headers)
    paypal.refund(str(payments[1].paypal_capture_id))
    await Payment.filter(id=payments[1].id).update(due_at=utc_now())
    await api.composition.payment_worker.run_once()
    order_id = await start(ivo)
    await Payment.filter(paypal_order_id=order_id).update(expires_at=utc_now(), due_at=utc_now())
    await api.composition.payment_worker.run_once()

    assert await _trail(actor="client") == [("payment_begun", PLAN), ("payment_paid", None)] * 2 + [
        ("payment_begun", PLAN)
    ]
    for payment, actor in zip(payments, ("webhook", "worker"), strict=True):
        refunded = await Payment.get(id=payment.id)
        assert (refunded.paid_by, refunded.refunded_by, refunded.undone_by) == ("client", actor, None)
        assert await _trail(actor=actor, subject=str(payment.id)) == [("payment_refunded", None)]
    expired = await payment_of(order_id)
    assert (expired.status, expired.closed_by) == ("expired", "worker")


@pytest.mark.parametrize("operation", ["registering", "signing in"])
async def test_nothing_is_done_without_its_event(api: Api, operation: str) -> None:
    """The table is taken away, so that the event cannot be written."""
    await api.confirmed()
    await get_connection("default").execute_script("ALTER TABLE audit_event RENAME TO away")
    try:
        if operation == "registering":
            response = await api.send("CreateAccount", {"input": _form(STRANGER)})
            done = await Registration.exists(email_key=STRANGER)
        else:
            response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}})
            done = bool(await get_connection("default").execute_query_dict("SELECT id FROM session"))
    finally:
        await get_connection("default").execute_script("ALTER TABLE away RENAME TO audit_event")

    assert "errors" in response.json()
    assert not done


def _form(email: str) -> dict[str, str]:
    return {"rfc": RFC, "email": email, "password": PASSWORD, "passwordConfirmation": PASSWORD}
