"""Logging in: what is checked, counted and opened."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from models.account import Account
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.registration import Registration
from models.session import Session
from services.accounts.lockout import MAX_FAILURES
from services.accounts.sessions import MAX_SESSIONS
from services.common.clock import utc_now
from services.common.secrets import digest
from services.mail.outbox import MailKind
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, RFC, WRONG_PASSWORD
from tests.stores import ON_EVERY_LIMIT_STORAGE, ON_SQLITE

ANYWHERE: dict[str, Any] = {
    "limit_login_failures": "1000/minute",
    "limit_login_captcha": "1000/minute",
    "limit_login": "1000/minute",
}


@pytest.mark.usefixtures("api")
async def test_a_new_service_has_no_accounts() -> None:
    assert await Account.all().count() == await Registration.all().count() == 0


async def test_signing_in_returns_a_token_and_the_account(api: Api) -> None:
    await api.account()

    login = await api.act("Login", email=EMAIL.upper(), password=PASSWORD)

    assert login["__typename"] == "LoginSuccess"
    assert len(login["token"]) >= 43
    assert login["expiresAt"].endswith("Z")
    assert login["account"]["rfc"] == RFC
    assert login["account"]["passwordChangeRequired"] is False
    assert login["account"]["onboarding"]["currentStep"] == "CONFIGURE_COMPANY"


async def test_me_is_the_tokens_account_and_null_without_a_token(api: Api) -> None:
    await api.account(rfc="VACE460910SX6")
    token = await api.token()

    me = await api.signed_in(token).run("Me")

    assert me["email"] == EMAIL
    assert me["taxpayerType"] == "PERSONA_FISICA"
    assert me["onboarding"] == {
        "currentStep": "CONFIGURE_COMPANY",
        "completedSteps": ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT"],
    }
    assert [session["current"] for session in me["sessions"]] == [True]
    assert await api.run("Me") is None
    assert await api.signed_in("no token").run("Me") is None
    assert await api.signed_in("").run("Me") is None


async def test_the_answer_to_login_can_show_the_sessions(api: Api) -> None:
    await api.account()
    query = """mutation ($input: LoginInput!) { login(input: $input) {
        ... on LoginSuccess { account { sessions { current userAgent ipAddress } } } } }"""
    variables = {"input": {"email": EMAIL, "password": PASSWORD}}

    response = await api.http.post(
        "/graphql", json={"query": query, "variables": variables}, headers={"user-agent": "Timbre/1.0"}
    )

    assert response.json()["data"]["login"]["account"]["sessions"] == [
        {"current": True, "userAgent": "Timbre/1.0", "ipAddress": "127.0.0.1"}
    ]


@ON_SQLITE
async def test_wrong_credentials_are_answered_alike(make_api: MakeApi) -> None:
    api = await make_api(**ANYWHERE)
    await api.account()
    wrong = [
        (EMAIL, WRONG_PASSWORD),
        ("nadie@example.com", PASSWORD),
        ("nada", PASSWORD),
        (EMAIL, " " * 8),
        (EMAIL, "x" * 10_000),
        (EMAIL, "\0" * 20),
        ("\0", "\0"),
    ]

    answers = {(email, password): await api.act("Login", email=email, password=password) for email, password in wrong}

    assert answers == dict.fromkeys(wrong, answers[EMAIL, WRONG_PASSWORD])
    assert answers[EMAIL, WRONG_PASSWORD]["__typename"] == "InvalidCredentialsError"


async def test_an_unconfirmed_registration_is_revealed_only_with_its_password(api: Api) -> None:
    await api.register()

    knows = await api.act("Login", email=EMAIL, password=PASSWORD)
    guesses = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    assert knows["__typename"] == "AccountNotConfirmedError"
    assert guesses["__typename"] == "InvalidCredentialsError"


async def test_after_five_failures_any_email_needs_a_captcha(api: Api) -> None:
    await api.account()
    for email in (EMAIL, "nadie@example.com"):
        failures = [await api.act("Login", email=email, password=WRONG_PASSWORD) for _ in range(5)]
        assert {failure["__typename"] for failure in failures} == {"InvalidCredentialsError"}

        asked = await api.act("Login", email=email, password=WRONG_PASSWORD)

        assert asked["__typename"] == "CaptchaRequiredError"


async def test_a_double_click_on_a_solved_captcha_signs_in(make_api: MakeApi) -> None:
    api = await make_api(limit_login_failures="1/15 minutes")
    await api.account()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    answers = await asyncio.gather(
        *(api.act("Login", email=EMAIL, password=PASSWORD, captcha=captcha) for _ in range(2))
    )

    assert [answer["__typename"] for answer in answers] == ["LoginSuccess"] * 2


async def test_one_captcha_allows_few_guesses(make_api: MakeApi) -> None:
    api = await make_api(limit_login_failures="1/15 minutes")
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    answers = [await api.act("Login", email=EMAIL, password=f"{WRONG_PASSWORD} {n}", captcha=captcha) for n in range(6)]

    names = [answer["__typename"] for answer in answers]
    assert names == ["InvalidCredentialsError"] * 4 + ["CaptchaMismatchError"] * 2


@ON_SQLITE
async def test_a_captcha_lets_the_owner_in_after_failures(api: Api) -> None:
    await api.account()
    for _ in range(5):
        await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    asked = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    wrong = await api.act(
        "Login", email=EMAIL, password=PASSWORD, captcha={"id": asked["captcha"]["id"], "answer": "x"}
    )
    solution = api.solution(wrong["captcha"]["id"])
    captcha = {"id": wrong["captcha"]["id"], "answer": solution.digits}

    right = await api.act("Login", email=EMAIL, password=PASSWORD, captcha=captcha)

    assert wrong["__typename"] == "CaptchaMismatchError"
    assert right["__typename"] == "LoginSuccess"


async def test_a_stranger_does_not_notice_that_the_owner_signed_in(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1)
    await api.account()
    stranger = {"x-forwarded-for": "198.51.100.7"}
    wrong = {"input": {"email": EMAIL, "password": WRONG_PASSWORD}}
    for _ in range(5):
        await api.run("Login", wrong, stranger)
    asked = await api.act("Login", email=EMAIL, password=PASSWORD)
    captcha = {"id": asked["captcha"]["id"], "answer": api.solution(asked["captcha"]["id"]).digits}

    owner = await api.act("Login", email=EMAIL, password=PASSWORD, captcha=captcha)

    assert owner["__typename"] == "LoginSuccess"
    assert (await api.run("Login", wrong, stranger))["__typename"] == "CaptchaRequiredError"


@ON_SQLITE
async def test_a_mailed_password_may_be_pasted_with_its_line_break(api: Api) -> None:
    await api.account()
    mailed = await api.recover()

    login = await api.act("Login", email=EMAIL, password=f"\t{mailed}\r\n")

    assert login["__typename"] == "LoginSuccess"


@ON_SQLITE
async def test_an_unneeded_captcha_is_ignored_and_not_spent(api: Api) -> None:
    await api.account()
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    login = await api.act("Login", email=EMAIL, password=PASSWORD, captcha={**captcha, "answer": "wrong"})

    requested = await api.act("RecoverPassword", email=EMAIL, captcha=captcha)
    assert login["__typename"] == "LoginSuccess"
    assert requested["__typename"] == "RecoverPasswordSuccess"


@ON_EVERY_LIMIT_STORAGE
async def test_trying_one_password_on_many_accounts_is_limited(make_api: MakeApi) -> None:
    api = await make_api(limit_login_captcha="3/15 minutes", limit_login="5/hour")
    answers = [await api.act("Login", email=f"u{n}@example.com", password=WRONG_PASSWORD) for n in range(4)]
    captchas = [await api.captcha() for _ in range(3)]
    answers += [
        await api.act(
            "Login",
            email=f"v{n}@example.com",
            password=WRONG_PASSWORD,
            captcha={"id": captcha_id, "answer": solution.digits},
        )
        for n, (captcha_id, solution) in enumerate(captchas)
    ]

    assert [answer["__typename"] for answer in answers] == (
        ["InvalidCredentialsError"] * 3
        + ["CaptchaRequiredError"]
        + ["InvalidCredentialsError"] * 2
        + ["TooManyAttemptsError"]
    )


@ON_EVERY_LIMIT_STORAGE
async def test_parallel_guesses_count_one_by_one(api: Api) -> None:
    await api.account()

    answers = await asyncio.gather(*(api.act("Login", email=EMAIL, password=WRONG_PASSWORD) for _ in range(10)))

    names = [answer["__typename"] for answer in answers]
    assert names.count("InvalidCredentialsError") == 5


@ON_SQLITE
async def test_successful_logins_do_not_count_as_failures(make_api: MakeApi) -> None:
    api = await make_api(limit_login_captcha="2/hour", limit_login="2/hour")
    await api.account()

    for _ in range(5):
        assert await api.token()


async def test_after_fifty_failures_strangers_are_locked_out_but_not_the_owner(make_api: MakeApi) -> None:
    api = await make_api(**ANYWHERE, trusted_proxies=1)
    await api.account()
    home = {"x-forwarded-for": "203.0.113.9"}
    stranger = {"x-forwarded-for": "198.51.100.7"}
    right = {"input": {"email": EMAIL, "password": PASSWORD}}
    wrong = {"input": {"email": EMAIL, "password": WRONG_PASSWORD}}
    assert (await api.run("Login", right, home))["__typename"] == "LoginSuccess"
    first = await api.run("Login", wrong, stranger)
    assert await FailureStreak.filter(count=1).update(count=MAX_FAILURES - 1) == 1

    last = await api.run("Login", wrong, stranger)
    locked = await api.run("Login", right, stranger)
    at_home = await api.run("Login", right, home)

    assert first["__typename"] == last["__typename"] == "InvalidCredentialsError"
    assert locked["__typename"] == "RecoveryRequiredError"
    assert at_home["__typename"] == "LoginSuccess"
    assert [mail["subject"] for mail in await api.mails()] == ["Muchos intentos fallidos en tu cuenta de Timbrado"]


async def test_a_mailed_password_unlocks_a_locked_login(make_api: MakeApi) -> None:
    api = await make_api(**ANYWHERE)
    await api.account()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES)
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "RecoveryRequiredError"
    mailed = await api.recover()

    login = await api.act("Login", email=EMAIL, password=mailed)

    assert login["__typename"] == "LoginSuccess"
    assert await FailureStreak.all().count() == 0


async def test_unknown_emails_are_locked_too(make_api: MakeApi) -> None:
    api = await make_api(**ANYWHERE)
    await api.act("Login", email="nadie@example.com", password=WRONG_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES - 1)

    answers = [await api.act("Login", email="nadie@example.com", password=WRONG_PASSWORD) for _ in range(2)]

    assert [answer["__typename"] for answer in answers] == ["InvalidCredentialsError", "RecoveryRequiredError"]
    assert [row.kind for row in await Delivery.all()] == [MailKind.SIGN_IN_CLOSED.value]
    assert await api.mails() == []


async def test_one_session_too_many_ends_the_one_that_was_seen_least_recently(api: Api) -> None:
    await api.account()
    first = await api.token()
    await Session.all().update(last_seen_at=utc_now() - timedelta(hours=1))
    session = await Session.get()
    await Session.bulk_create(_copy(session, number) for number in range(MAX_SESSIONS - 1))

    newest = await api.token()

    me = await api.signed_in(newest).run("Me")
    assert len(me["sessions"]) == MAX_SESSIONS
    assert me["sessions"][0]["current"]
    assert await api.signed_in(first).run("Me") is None


def _copy(session: Session, number: int) -> Session:
    """The same session, seen just now on another device."""
    values = {name: getattr(session, name) for name in session._meta.db_fields}
    return Session(**{**values, "id": uuid4(), "digest": digest(f"token{number}"), "last_seen_at": utc_now()})


async def test_a_session_ends_when_idle_and_is_extended_by_use(api: Api) -> None:
    await api.account()
    token = await api.token()
    (session,) = await Session.all()
    earlier = timedelta(minutes=6)
    await Session.all().update(last_seen_at=session.last_seen_at - earlier, expires_at=session.expires_at - earlier)

    assert await api.signed_in(token).run("Me")

    (moved,) = await Session.all()
    assert moved.expires_at > session.expires_at - earlier
    await Session.all().update(expires_at=session.created_at)
    assert await api.signed_in(token).run("Me") is None


async def test_a_session_never_outlives_its_absolute_end(api: Api) -> None:
    await api.account()
    token = await api.token()
    (session,) = await Session.all()
    soon = session.created_at + timedelta(minutes=1)
    await Session.all().update(last_seen_at=session.last_seen_at - timedelta(hours=1), ends_at=soon)

    await api.signed_in(token).run("Me")

    (moved,) = await Session.all()
    assert moved.expires_at == soon


async def test_login_replaces_a_hash_with_old_parameters_and_keeps_others(api: Api) -> None:
    await api.account()
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(PASSWORD)
    await Account.all().update(password_hash=old)

    await api.token()
    new = (await Account.get(email_key=EMAIL)).password_hash
    await api.token()

    assert new
    assert "t=1" in new
    assert (await Account.get(email_key=EMAIL)).password_hash == new
