"""Sessions: listing them, and how each one ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.session import Session
from services.accounts.hashing import Hasher
from services.accounts.revocation import revoke_everything
from services.common.outcomes import TooManyAttempts
from tests.actors import OPERATOR
from tests.api import Api
from tests.companies import problems
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD
from tests.stores import ON_SQLITE


async def test_logging_out_ends_the_session_and_may_be_repeated(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    answers = [await session.run("Logout"), await session.run("Logout"), await api.run("Logout")]

    assert {answer["__typename"] for answer in answers} == {"LogoutSuccess"}
    assert await session.run("Me") is None


async def test_a_session_can_be_ended_from_another_once(api: Api) -> None:
    await api.account()
    here, there = api.signed_in(await api.token()), api.signed_in(await api.token())
    (elsewhere,) = [entry for entry in (await here.run("Me"))["sessions"] if not entry["current"]]

    revoked = await here.act("RevokeSession", id=elsewhere["id"])
    again = await here.act("RevokeSession", id=elsewhere["id"])

    assert revoked["__typename"] == "RevokeSessionSuccess"
    assert (revoked["message"], revoked["id"]) == ("Cerramos esa sesión.", elsewhere["id"])
    assert again["__typename"] == "SessionNotFoundError"
    assert await there.run("Me") is None


async def test_a_session_has_the_name_that_its_device_gave(api: Api) -> None:
    await api.account()
    names = ["Teléfono  de\nAna 👩‍💻\u202e", " \u200b ", "\u200d \ufe0f", None, "x" * 100]

    logins = [await api.act("Login", email=EMAIL, password=PASSWORD, deviceName=name) for name in names]
    unnamed = await api.act("Login", email=EMAIL, password=PASSWORD)

    async def shown(login: Any) -> Any:
        return (await api.signed_in(login["token"]).run("Me"))["sessions"][0]["deviceName"]

    assert [await shown(login) for login in logins] == ["Teléfono de Ana 👩‍💻", None, None, None, "x" * 100]
    assert await shown(unnamed) is None


async def test_people_name_their_devices_and_take_the_names_back(api: Api) -> None:
    await api.account()
    login = await api.act("Login", email=EMAIL, password=PASSWORD, deviceName="iPhone")
    me = api.signed_in(login["token"])
    (session,) = (await me.run("Me"))["sessions"]

    names = [" Teléfono\u200b de\tAna 👩‍💻", "x" * 100, "\u200b", "Laptop", None]
    renamed = [await me.act("RenameSession", id=session["id"], deviceName=name) for name in names]
    omitted = await me.act("RenameSession", id=session["id"])

    assert {each["__typename"] for each in (*renamed, omitted)} == {"RenameSessionSuccess"}
    shown = [each["session"]["deviceName"] for each in renamed]
    assert shown == ["Teléfono de Ana 👩‍💻", "x" * 100, None, "Laptop", None]
    assert omitted["session"] == {**session, "deviceName": None} == omitted["account"]["sessions"][0]
    assert omitted["message"] == "Guardamos el nombre del dispositivo."
    assert await AuditEvent.filter(kind="session_renamed", subject=session["id"]).count() == 6


async def test_a_name_that_cannot_be_shown_is_refused(api: Api) -> None:
    await api.account()
    me = api.signed_in(await api.token())
    (session,) = (await me.run("Me"))["sessions"]

    names = ["\x1b[31m", "a\0b", "x" * 101, "🐍" * 1000]
    refused = [await me.act("RenameSession", id=session["id"], deviceName=name) for name in names]

    assert [problems(each) for each in refused] == [
        [("deviceName", "FORBIDDEN_CHARACTER")],
        [("deviceName", "FORBIDDEN_CHARACTER")],
        [("deviceName", "TOO_LONG")],
        [("deviceName", "TOO_LONG")],
    ]
    assert (await me.run("Me"))["sessions"][0]["deviceName"] is None


async def test_only_open_sessions_of_the_account_have_names(make_api: MakeApi) -> None:
    api = await make_api()
    await api.account()
    await api.account(email="eva@example.com")
    ana, eva = api.signed_in(await api.token()), api.signed_in(await api.token("eva@example.com"))
    ended = api.signed_in(await api.token())
    ids = [(await each.run("Me"))["sessions"][0]["id"] for each in (eva, ended)]
    await Session.filter(id=ids[1]).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    answers = [await ana.act("RenameSession", id=each, deviceName="X") for each in (*ids, "", "x", "\0", "1" * 10_000)]
    restricted = api.signed_in(await api.token(password=await api.recover()))
    answers += [await each.act("RenameSession", id=ids[0], deviceName="X") for each in (api, restricted)]

    assert [answer["__typename"] for answer in answers] == [
        *["SessionNotFoundError"] * 6,
        "NotAuthenticatedError",
        "PasswordChangeRequiredError",
    ]
    assert (await eva.run("Me"))["sessions"][0]["deviceName"] is None


@ON_SQLITE
async def test_a_wrong_device_name_counts_as_no_failed_login(make_api: MakeApi) -> None:
    api = await make_api(limit_login="1/hour")
    await api.account()

    wrong = [await api.act("Login", email=EMAIL, password=PASSWORD, deviceName="\x1b[31m") for _ in range(3)]

    assert [problems(answer) for answer in wrong] == [[("deviceName", "FORBIDDEN_CHARACTER")]] * 3
    assert await api.token()


async def test_nobody_ends_the_session_of_another_account(make_api: MakeApi) -> None:
    api = await make_api()
    await api.account()
    await api.account(email="eva@example.com")
    ana, eva = api.signed_in(await api.token()), api.signed_in(await api.token("eva@example.com"))
    (foreign,) = (await eva.run("Me"))["sessions"]

    revoked = await ana.act("RevokeSession", id=foreign["id"])

    assert revoked["__typename"] == "SessionNotFoundError"
    assert (await eva.run("Me"))["email"] == "eva@example.com"


@ON_SQLITE
async def test_invalid_session_ids_are_not_found(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    names = [
        (await session.act("RevokeSession", id=session_id))["__typename"]
        for session_id in ("", "x", "\0", "1" * 10_000)
    ]

    assert set(names) == {"SessionNotFoundError"}


async def test_all_other_sessions_can_be_ended_at_once(api: Api) -> None:
    await api.account()
    here = api.signed_in(await api.token())
    for _ in range(3):
        await api.token()

    revoked = await here.run("RevokeOtherSessions")

    assert revoked["__typename"] == "RevokeOtherSessionsSuccess"
    assert (revoked["message"], revoked["count"]) == ("Cerramos tus demás sesiones.", 3)
    assert await Session.all().count() == 1


@ON_SQLITE
async def test_ending_sessions_needs_a_session(api: Api) -> None:
    one = await api.act("RevokeSession", id="x")
    all_others = await api.run("RevokeOtherSessions")

    assert (one["__typename"], all_others["__typename"]) == ("NotAuthenticatedError", "NotAuthenticatedError")


async def test_sessions_are_listed_with_the_current_one_first_and_then_by_last_use(api: Api) -> None:
    await api.account()
    tokens = [await api.token(EMAIL) for _ in range(3)]

    sessions = (await api.signed_in(tokens[0]).run("Me"))["sessions"]

    seen = [session["lastSeenAt"] for session in sessions[1:]]
    assert [session["current"] for session in sessions] == [True, False, False]
    assert seen == sorted(seen, reverse=True)


async def test_only_login_opens_a_session(api: Api) -> None:
    await api.account()
    mailed = await api.recover()
    before = await Session.all().count()
    session = api.signed_in(await api.token(password=mailed))

    changed = await session.act(
        "ChangePassword", currentPassword=mailed, newPassword=PASSWORD, newPasswordConfirmation=PASSWORD
    )

    assert changed["__typename"] == "ChangePasswordSuccess"
    assert (before, await Session.all().count()) == (0, 1)


async def test_login_ends_the_session_that_it_was_sent_with_and_no_other(api: Api) -> None:
    await api.account()
    first, other = await api.token(), await api.token()

    second = await api.signed_in(first).token()

    assert await api.signed_in(first).run("Me") is None
    assert await api.signed_in(other).run("Me")
    assert await api.signed_in(second).run("Me")


@ON_SQLITE
async def test_a_wrong_password_ends_no_session(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    await session.act("Login", email=EMAIL, password="no es mi clave")

    assert await session.run("Me")


async def test_a_session_ends_after_14_idle_days_and_after_30_at_the_latest(api: Api) -> None:
    await api.account()

    await api.token()

    (session,) = await Session.all()
    assert session.expires_at - session.created_at == timedelta(days=14)
    assert session.ends_at - session.created_at == timedelta(days=30)


async def test_deleting_an_account_deletes_its_sessions(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    await Account.filter(email_key=EMAIL).delete()

    assert await session.run("Me") is None
    assert await Session.all().count() == 0


async def test_sql_in_a_user_agent_or_an_email_stays_text(api: Api) -> None:
    email, device = "o'hara--@example.com", "x'); DROP TABLE session; --"
    await api.account(email=email)
    credentials = {"input": {"email": email, "password": PASSWORD}}

    login = await api.run("Login", credentials, {"user-agent": device})

    me = await api.signed_in(login["token"]).run("Me")
    assert (me["email"], me["sessions"][0]["userAgent"]) == (email, device)


async def test_an_operator_can_end_the_sessions_of_one_account_or_of_all(make_api: MakeApi) -> None:
    api = await make_api()
    await api.account()
    await api.account(email="eva@example.com")
    tokens = [await api.token(), await api.token(), await api.token(email="eva@example.com")]

    of_ana = await api.composition.services.sessions.revoke_all(OPERATOR, EMAIL)
    then_signed_in = [await api.signed_in(token).run("Me") is not None for token in tokens]
    *_, of_all = [done async for done in revoke_everything(OPERATOR, passwords=False)]

    assert (of_ana, of_all.accounts, of_all.sessions) == (2, 2, 1)
    assert then_signed_in == [False, False, True]
    assert await api.signed_in(tokens[2]).run("Me") is None


async def test_after_an_operator_ended_a_password_only_recovery_opens_the_account(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="10/day")
    await api.account()
    await api.account(email="eva@example.com")
    leaked = await api.recover()

    ended = await api.composition.services.passwords.force_reset(OPERATOR, EMAIL)

    answers = [await api.act("Login", email=EMAIL, password=password) for password in (PASSWORD, leaked)]
    assert (ended.passwords, ended.sessions) == (1, 0)
    assert [answer["__typename"] for answer in answers] == ["InvalidCredentialsError"] * 2
    assert await api.token(email="eva@example.com")
    assert await api.token(password=await api.recover())


async def test_a_password_change_in_progress_fails_once_an_operator_ended_the_password(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.account()
    mailed = await api.recover()
    thief = api.signed_in(await api.token(password=mailed))
    hash_password = Hasher.hash

    async def hash_after_revoking(hasher: Hasher, password: str) -> str | TooManyAttempts:
        await api.composition.services.passwords.force_reset(OPERATOR, EMAIL)
        return await hash_password(hasher, password)

    monkeypatch.setattr(Hasher, "hash", hash_after_revoking)
    changed = await thief.act(
        "ChangePassword", currentPassword=mailed, newPassword=PASSWORD, newPasswordConfirmation=PASSWORD
    )

    assert problems(changed) == [("currentPassword", "INCORRECT")]
    assert await thief.run("Me") is None
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "InvalidCredentialsError"


async def test_expired_sessions_are_not_listed(api: Api) -> None:
    await api.account()
    here, there = api.signed_in(await api.token()), api.signed_in(await api.token())
    (current,) = [entry for entry in (await here.run("Me"))["sessions"] if entry["current"]]
    await Session.exclude(id=current["id"]).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))

    listed = (await here.run("Me"))["sessions"]

    assert listed == [current]
    assert await there.run("Me") is None


async def test_a_login_in_progress_fails_once_an_operator_ended_every_password(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.account()
    verify = Hasher.verify

    async def verify_before_revoking(
        hasher: Hasher, password_hash: str | None, password: str
    ) -> bool | TooManyAttempts:
        verified = await verify(hasher, password_hash, password)
        *_, ended = [done async for done in revoke_everything(OPERATOR, passwords=True)]
        assert (verified, ended.passwords) == (True, 1)
        return verified

    monkeypatch.setattr(Hasher, "verify", verify_before_revoking)
    answer = await api.act("Login", email=EMAIL, password=PASSWORD)

    assert answer["__typename"] == "InvalidCredentialsError"
    assert await Session.all().count() == 0
