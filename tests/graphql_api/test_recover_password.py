"""Recovering a lost password, and changing a password."""

import asyncio
from datetime import timedelta
from typing import Any

from models.account import Account
from models.delivery import Delivery
from models.mailed_password import MailedPassword
from models.session import Session
from services.mail.batches import Mail
from services.mail.claims import Claims
from services.mail.letters import contents_for
from services.mail.outbox import MailKind
from tests.api import Api
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, NEW_PASSWORD, PASSWORD
from tests.smtp_servers import claim_one
from tests.stores import ON_SQLITE


async def _request(api: Api, email: str) -> dict[str, str]:
    captcha_id, solution = await api.captcha()
    answer: dict[str, str] = await api.act(
        "RecoverPassword", email=email, captcha={"id": captcha_id, "answer": " ".join(solution.words).upper()}
    )
    return answer


async def test_recovering_is_answered_alike_for_known_unconfirmed_and_unknown_emails(make_api: MakeApi) -> None:
    api = await make_api()
    await api.account()
    await api.register(email="eva@example.com")
    await api.mails()

    answers = [await _request(api, email) for email in (EMAIL, "eva@example.com", "nadie@example.com")]

    subjects = {mail["to"]: mail["subject"] for mail in await api.mails()}
    assert answers[0]["__typename"] == "RecoverPasswordSuccess"
    assert answers[0] == answers[1] == answers[2]
    assert subjects == {
        EMAIL: "Tu nueva clave de Timbrado",
        "eva@example.com": "Tu cuenta en Timbrado está por confirmar",
    }


async def test_recovering_an_unconfirmed_email_mails_a_code_that_confirms_it(api: Api) -> None:
    await api.register()
    await api.mails()
    await _request(api, EMAIL)

    confirmed = await api.act("ConfirmAccount", code=await api.mailed_code())

    assert confirmed["__typename"] == "ConfirmAccountSuccess"


async def test_nothing_changes_until_the_mailed_password_is_used(api: Api) -> None:
    await api.account()
    token = await api.token()

    mailed = await api.recover()

    assert await api.token()
    assert await api.signed_in(token).run("Me")
    login = await api.act("Login", email=EMAIL, password=mailed)
    assert login["__typename"] == "LoginSuccess"


async def test_its_first_use_ends_the_old_password_and_every_session_and_notifies_the_owner(api: Api) -> None:
    await api.account()
    token = await api.token()
    mailed = await api.recover()

    login = await api.act("Login", email=EMAIL, password=f" {mailed.lower().replace('-', ' ')} ")

    assert login["account"]["passwordChangeRequired"] is True
    assert await api.signed_in(token).run("Me") is None
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "InvalidCredentialsError"
    assert [mail["subject"] for mail in await api.mails()] == ["Se usó la clave que te enviamos de Timbrado"]


async def test_a_restricted_session_can_only_read_me_change_the_password_and_log_out(api: Api) -> None:
    await api.account()
    restricted = api.signed_in(await api.token(password=await api.recover()))

    revoked = await restricted.act("RevokeSession", id=(await restricted.run("Me"))["sessions"][0]["id"])
    others = await restricted.run("RevokeOtherSessions")

    assert revoked["__typename"] == "PasswordChangeRequiredError"
    assert others["__typename"] == "PasswordChangeRequiredError"
    assert (await restricted.run("Me"))["passwordChangeRequired"] is True
    assert (await restricted.run("Logout"))["__typename"] == "LogoutSuccess"
    assert await restricted.run("Me") is None


async def test_a_used_mailed_password_keeps_working_restricted_for_a_day(api: Api) -> None:
    await api.account()
    mailed = await api.recover()
    first = await api.token(password=mailed)

    again = await api.act("Login", email=EMAIL, password=mailed)
    await _age(timedelta(hours=24))
    late = await api.act("Login", email=EMAIL, password=mailed)

    assert again["account"]["passwordChangeRequired"] is True
    assert late["__typename"] == "InvalidCredentialsError"
    assert await api.signed_in(first).run("Me") is None


async def test_an_unused_mailed_password_expires_after_a_day_and_leaves_the_old_one_alone(api: Api) -> None:
    await api.account()
    mailed = await api.recover()
    await _age(timedelta(hours=24))

    late = await api.act("Login", email=EMAIL, password=mailed)

    assert late["__typename"] == "InvalidCredentialsError"
    assert await api.token()


async def test_concurrent_first_uses_replace_the_password_once_and_open_restricted_sessions_only(
    make_api: MakeApi,
) -> None:
    api = await make_api(limit_login="10000/hour", limit_login_captcha="10000/hour", limit_login_failures="10000/hour")
    await api.account()
    mailed = await api.recover()

    logins = await asyncio.gather(*(api.act("Login", email=EMAIL, password=mailed) for _ in range(20)))

    account = await Account.get(email_key=EMAIL)
    assert {login["__typename"] for login in logins} <= {"LoginSuccess", "TooManyAttemptsError"}
    assert any(login["__typename"] == "LoginSuccess" for login in logins)
    assert account.password_hash is None
    assert account.password_generation == 2
    assert await Session.filter(password_change_required=False).count() == 0
    assert len(await api.mails()) == 1


async def test_the_first_use_of_one_mailed_password_ends_the_other(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="10/day")
    await api.account()
    first = await api.recover()
    second = await api.recover()

    used = await api.act("Login", email=EMAIL, password=second)
    other = await api.act("Login", email=EMAIL, password=first)

    assert used["__typename"] == "LoginSuccess"
    assert other["__typename"] == "InvalidCredentialsError"


async def test_a_mailed_password_opens_no_other_account(api: Api) -> None:
    await api.account()
    await api.account(email="eva@example.com")
    mailed = await api.recover()

    login = await api.act("Login", email="eva@example.com", password=mailed)

    assert login["__typename"] == "InvalidCredentialsError"


async def test_changing_the_password_ends_an_unused_mailed_one(api: Api) -> None:
    me = await signed_in(api)
    mailed = await api.recover()

    await _change(me, PASSWORD, NEW_PASSWORD)

    login = await api.act("Login", email=EMAIL, password=mailed)
    assert login["__typename"] == "InvalidCredentialsError"


async def test_the_account_can_be_recovered_again_after_the_first_use(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="10/day")
    await api.account()
    await api.token(password=await api.recover())
    await api.mails()

    again = await api.act("Login", email=EMAIL, password=await api.recover())

    assert again["account"]["passwordChangeRequired"] is True


async def test_changing_the_password_lifts_the_restriction_and_ends_everything_else(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="10/day")
    await api.account()
    mailed = await api.recover()
    session = api.signed_in(await api.token(password=mailed))
    other = api.signed_in(await api.token(password=mailed))
    await api.mails()

    changed = await _change(session, mailed, NEW_PASSWORD)

    me = await session.run("Me")
    assert changed["__typename"] == "ChangePasswordSuccess"
    assert me["passwordChangeRequired"] is False
    assert len(me["sessions"]) == 1
    assert await other.run("Me") is None
    assert (await api.act("Login", email=EMAIL, password=mailed))["__typename"] == "InvalidCredentialsError"
    assert await api.token(password=NEW_PASSWORD)
    assert [mail["subject"] for mail in await api.mails()] == ["Cambiaste tu clave de Timbrado"]


async def test_neither_the_mailed_nor_the_current_password_can_be_the_new_one(api: Api) -> None:
    normal = await signed_in(api)
    mailed = (await api.recover()).lower().replace("-", "")
    unused = await _change(normal, PASSWORD, mailed)
    current = await _change(normal, PASSWORD, PASSWORD)
    restricted = api.signed_in(await api.token(password=mailed))

    used = await _change(restricted, mailed, mailed)

    assert [problems(answer) for answer in (unused, current, used)] == [[("newPassword", "NOT_NEW")]] * 3


async def test_a_recovery_still_queued_when_the_password_changes_makes_no_password(api: Api) -> None:
    session = await signed_in(api)
    await _request(api, EMAIL)
    claimed = await claim_one(Claims())
    assert claimed
    assert claimed.kind is MailKind.RECOVERY
    (content,) = await contents_for([claimed])

    await _change(session, PASSWORD, NEW_PASSWORD)

    transport = api.composition.mail_worker.make_transport()
    await api.composition.mail_worker._deliver(Mail(claimed, content), transport)
    assert [mail["subject"] for mail in await api.mails()] == ["Cambiaste tu clave de Timbrado"]
    assert await MailedPassword.all().count() == 0
    assert await Delivery.filter(kind=MailKind.RECOVERY.value).count() == 0


@ON_SQLITE
async def test_changing_the_password_needs_the_current_one_and_a_session(api: Api) -> None:
    me = await signed_in(api)

    wrong = await _change(me, "no es esta", NEW_PASSWORD)
    nobody = await _change(api, PASSWORD, NEW_PASSWORD)

    assert problems(wrong) == [("currentPassword", "INCORRECT")]
    assert wrong["fields"][0]["message"] == "Esta clave no es la correcta. Escribe la clave con la que accediste."
    assert nobody["__typename"] == "NotAuthenticatedError"


@ON_SQLITE
async def test_a_new_password_must_meet_the_policy(api: Api) -> None:
    me = await signed_in(api)

    refused = await me.act(
        "ChangePassword", currentPassword=PASSWORD, newPassword="EKU9003173C9", newPasswordConfirmation="x"
    )

    assert problems(refused) == [
        ("newPassword", "CONTAINS_IDENTITY"),
        ("newPasswordConfirmation", "DOES_NOT_MATCH"),
    ]


@ON_SQLITE
async def test_guessing_the_current_password_is_limited(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(limit_current_password="1/hour"))
    await _change(me, "no es esta", NEW_PASSWORD)

    throttled = await _change(me, "no es esta", NEW_PASSWORD)

    assert throttled["__typename"] == "TooManyAttemptsError"


async def test_only_one_of_concurrent_changes_counts(api: Api) -> None:
    await api.account()
    sessions = [api.signed_in(await api.token()) for _ in range(4)]
    passwords = [f"frase larga numero {n}" for n in range(4)]

    answers = await asyncio.gather(
        *(_change(session, PASSWORD, new) for session, new in zip(sessions, passwords, strict=True))
    )

    names = [answer["__typename"] for answer in answers]
    winner = names.index("ChangePasswordSuccess")
    assert names.count("ChangePasswordSuccess") == 1
    assert await Session.all().count() == 1
    assert await api.token(password=passwords[winner])


@ON_SQLITE
async def test_a_wrong_captcha_brings_a_new_one(api: Api) -> None:
    captcha_id, _ = await api.captcha()

    wrong = await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": "no sé"})

    assert wrong["__typename"] == "CaptchaMismatchError"
    assert wrong["captcha"]["id"] != captcha_id
    assert wrong["captcha"]["help"]


@ON_SQLITE
async def test_an_invalid_captcha_id_is_a_mismatch(api: Api) -> None:
    ids = ("", "nope", "\0", "A" * 54, "é" * 100, "=" * 4_000)

    answers = {
        each: (await api.act("RecoverPassword", email=EMAIL, captcha={"id": each, "answer": "12345678"}))["__typename"]
        for each in ids
    }

    assert answers == dict.fromkeys(ids, "CaptchaMismatchError")


@ON_SQLITE
async def test_a_malformed_email_spends_no_captcha(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    refused = await api.act("RecoverPassword", email="ana", captcha=captcha)
    requested = await api.act("RecoverPassword", email=EMAIL, captcha=captcha)

    assert problems(refused) == [("email", "MALFORMED")]
    assert requested["__typename"] == "RecoverPasswordSuccess"


async def test_concurrent_recoveries_with_one_captcha_make_one(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password="1000/hour", limit_create_captcha="1000/hour")
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    answers = await asyncio.gather(
        *(api.act("RecoverPassword", email=f"u{n}@example.com", captcha=captcha) for n in range(20))
    )

    names = [answer["__typename"] for answer in answers]
    assert names.count("RecoverPasswordSuccess") == 1
    assert names.count("CaptchaMismatchError") == 19


async def test_a_double_click_asks_once_and_succeeds_twice(api: Api) -> None:
    await api.account()
    captcha_id, solution = await api.captcha()
    words = {"id": captcha_id, "answer": " ".join(solution.words)}

    at_once = await asyncio.gather(*(api.act("RecoverPassword", email=EMAIL, captcha=words) for _ in range(2)))
    afterwards = await api.act("RecoverPassword", email=EMAIL, captcha=words)
    mailed = await api.mailed_password()
    later_still = await api.act("RecoverPassword", email=EMAIL, captcha=words)

    answers = (*at_once, afterwards, later_still)
    assert {answer["__typename"] for answer in answers} == {"RecoverPasswordSuccess"}
    assert mailed
    assert await api.mails() == []


async def test_a_used_captcha_does_not_recover_another_email(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    answers = [
        await api.act("RecoverPassword", email=email, captcha=captcha) for email in (EMAIL, "eva@example.com", EMAIL)
    ]

    names = [answer["__typename"] for answer in answers]
    assert names == ["RecoverPasswordSuccess", "CaptchaMismatchError", "RecoverPasswordSuccess"]


@ON_SQLITE
async def test_recoveries_are_limited_by_email_and_by_client(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password="3/hour", limit_recover_password_email="1/day")
    first = await _request(api, EMAIL)
    soon = await _request(api, EMAIL)
    other = await _request(api, "eva@example.com")
    client = await _request(api, "otra@example.com")

    assert [answer["__typename"] for answer in (first, soon, other, client)] == [
        "RecoverPasswordSuccess",
        "TooManyAttemptsError",
        "RecoverPasswordSuccess",
        "TooManyAttemptsError",
    ]


async def test_asking_again_within_a_minute_is_answered_like_the_first_time(api: Api) -> None:
    await api.account()

    answers = [await _request(api, EMAIL) for _ in range(2)]

    assert [answer["__typename"] for answer in answers] == ["RecoverPasswordSuccess"] * 2
    assert len(await api.mails()) == 1


async def test_requests_before_there_was_an_account_do_not_count(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="3/day")
    strangers = [await _request(api, EMAIL) for _ in range(4)]
    assert await api.mails() == []
    await api.confirmed()

    assert [answer["__typename"] for answer in strangers[2:]] == ["RecoverPasswordSuccess", "TooManyAttemptsError"]
    assert (await _request(api, EMAIL))["__typename"] == "RecoverPasswordSuccess"
    assert await api.mailed_password()


async def test_a_double_click_changes_the_password_once_and_succeeds_twice(api: Api) -> None:
    me = await signed_in(api)

    at_once = await asyncio.gather(*(_change(me, PASSWORD, NEW_PASSWORD) for _ in range(2)))
    afterwards = await _change(me, PASSWORD, NEW_PASSWORD)

    assert {answer["__typename"] for answer in (*at_once, afterwards)} == {"ChangePasswordSuccess"}
    assert len(await api.mails()) == 1
    assert await api.token(password=NEW_PASSWORD)


@ON_SQLITE
async def test_captchas_are_limited_by_client(make_api: MakeApi) -> None:
    api = await make_api(limit_create_captcha="1/hour")
    await api.captcha()

    throttled = await api.run("CreateCaptcha")

    assert throttled["__typename"] == "TooManyAttemptsError"


async def _change(me: Api, current: str, new: str) -> Any:
    return await me.act("ChangePassword", currentPassword=current, newPassword=new, newPasswordConfirmation=new)


async def _age(age: timedelta) -> None:
    """As if everything that expires were so much older."""
    for mailed in await MailedPassword.all():
        await MailedPassword.filter(digest=mailed.digest).update(expires_at=mailed.expires_at - age)
    for session in await Session.all():
        await Session.filter(id=session.id).update(expires_at=session.expires_at - age)
