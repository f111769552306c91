"""The audit trail: an event for what was done, in its transaction, that reveals no secret."""

from typing import Any

import pytest
from tortoise.connection import get_connection

from models.audit_event import AuditEvent
from models.failure_streak import FailureStreak
from models.registration import Registration
from services.accounts.lockout import MAX_FAILURES
from tests.api import EMAIL, NEW_PASSWORD, PASSWORD, RFC, Api
from tests.conftest import MakeApi

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
    await api.account()
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
    await api.account()
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
    await api.account()
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


async def test_a_wrong_captcha_is_told_and_a_missing_one_is_not(make_api: MakeApi) -> None:
    api = await make_api(limit_login_captcha="0/hour", limit_create_account_captcha="0/hour")
    missing = await api.act("Login", email=STRANGER, password=PASSWORD)
    captcha_id = missing["captcha"]["id"]
    for answer in ("otras palabras", api.solution(captcha_id).digits):  # the second one comes too late
        await api.act("Login", email=STRANGER, password=PASSWORD, captcha={"id": captcha_id, "answer": answer})
    await api.act("Login", email=STRANGER, password=PASSWORD, captcha={"id": "forged", "answer": "x"})

    email = api.composition.services.login.actors.email(STRANGER)
    assert await _trail(email=email) == [("captcha_failed", "login")] * 3


async def test_what_limits_refuse_adds_no_event(make_api: MakeApi) -> None:
    api = await make_api(limit_login="3/hour", limit_create_account="1/hour")
    for _ in range(6):
        await api.act("Login", email=STRANGER, password=PASSWORD)
        await api.register()
    await api.act("Login", email="nobody", password=PASSWORD)

    assert sorted(kind for kind, _ in await _trail()) == ["registered", *["sign_in_failed"] * 3]


async def test_an_event_contains_no_secret_no_email_and_no_rfc(api: Api) -> None:
    api.headers.update(AGENT)
    await api.account()
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


@pytest.mark.parametrize("operation", ["registering", "signing in"])
async def test_nothing_is_done_without_its_event(api: Api, operation: str) -> None:
    """The table is taken away, so that the event cannot be written."""
    await api.account()
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
