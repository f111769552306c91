"""confirmAccount and resendConfirmationCode, the second step of onboarding."""

import asyncio
from datetime import timedelta

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.failure_streak import FailureStreak
from models.session import Session
from services.accounts.lockout import MAX_FAILURES
from services.common.clock import utc_now
from tests.api import Api
from tests.companies import problems
from tests.conftest import MakeApi
from tests.forms import EMAIL
from tests.stores import ON_SQLITE


async def test_a_pasted_code_confirms_the_account(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()

    confirmed = await api.act("ConfirmAccount", code=f"\n  {code[:13]} \r\n{code[13:].lower()}\t")

    assert confirmed == {
        "__typename": "ConfirmAccountSuccess",
        "message": confirmed["message"],
        "email": EMAIL,
    }


async def test_a_used_code_gets_the_same_answer_again_and_does_nothing(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()
    first = await api.act("ConfirmAccount", code=code)
    await api.act("Login", email=EMAIL, password="no es mi clave")
    account = await Account.get()

    again = await api.act("ConfirmAccount", code=code)

    assert again == first
    assert await Account.all().values() == [{name: getattr(account, name) for name in account._meta.db_fields}]
    assert await FailureStreak.all().count() == 1  # the failed login still counts
    assert await Session.all().count() == 0
    assert await api.mails() == []


async def test_a_used_code_is_valid_for_a_day_too(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()
    await api.act("ConfirmAccount", code=code)
    await ConfirmedCode.all().update(expires_at=utc_now())

    late = await api.act("ConfirmAccount", code=code)

    assert late["__typename"] == "InvalidConfirmationCodeError"
    assert "accede" in late["message"]


async def test_a_used_code_is_invalid_once_its_account_is_gone(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()
    await api.act("ConfirmAccount", code=code)
    await Account.all().delete()

    again = await api.act("ConfirmAccount", code=code)

    assert again["__typename"] == "InvalidConfirmationCodeError"


async def test_codes_of_registrations_that_lost_are_invalid(api: Api) -> None:
    await api.register(password="clave del extraño")
    lost = await api.mailed_code()
    await api.register()
    await api.act("ConfirmAccount", code=await api.mailed_code())

    rejected = await api.act("ConfirmAccount", code=lost)

    assert rejected["__typename"] == "InvalidConfirmationCodeError"


NOT_CODES = ("A", "A" * 40, "0" * 40, "x" * 10_000, "\0" * 40, "é" * 40, "🙂" * 40)


@ON_SQLITE
async def test_text_that_is_no_code_is_rejected(api: Api) -> None:
    answers = {code: (await api.act("ConfirmAccount", code=code))["__typename"] for code in NOT_CODES}

    assert answers == dict.fromkeys(NOT_CODES, "InvalidConfirmationCodeError")


async def test_a_code_is_valid_for_a_day(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()
    (row,) = await ConfirmationCode.all()
    row.expires_at -= timedelta(hours=24)
    await row.save()

    late = await api.act("ConfirmAccount", code=code)

    assert late["__typename"] == "InvalidConfirmationCodeError"


async def test_concurrent_confirmations_with_one_code_make_one_account(api: Api) -> None:
    await api.register()
    code = await api.mailed_code()

    confirmed = await asyncio.gather(*(api.act("ConfirmAccount", code=code) for _ in range(20)))

    assert {answer["__typename"] for answer in confirmed} == {"ConfirmAccountSuccess"}
    assert await Account.all().count() == 1


async def test_codes_of_rival_registrations_make_one_account(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email_client="20/day", limit_create_account_captcha="100/hour")
    codes = []
    for number in range(5):
        await api.register(password=f"la clave de cada {number}")
        codes.append(await api.mailed_code())

    confirmed = await asyncio.gather(*(api.act("ConfirmAccount", code=code) for code in codes))

    names = sorted(answer["__typename"] for answer in confirmed)
    assert names == ["ConfirmAccountSuccess"] + ["InvalidConfirmationCodeError"] * 4
    assert await Account.all().count() == 1


@ON_SQLITE
async def test_guessing_codes_is_limited(make_api: MakeApi) -> None:
    api = await make_api(limit_confirm_account="1/hour")
    await api.act("ConfirmAccount", code="A" * 40)

    throttled = await api.act("ConfirmAccount", code="B" * 40)

    assert throttled["__typename"] == "TooManyAttemptsError"


async def test_another_code_is_mailed_and_both_are_valid(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_email="20/day")
    await api.register()
    first = await api.mailed_code()

    resent = await api.act("ResendConfirmationCode", email=EMAIL.upper())

    second = await api.mailed_code()
    assert resent["__typename"] == "ResendConfirmationCodeSuccess"
    assert first != second
    assert (await api.act("ConfirmAccount", code=first))["__typename"] == "ConfirmAccountSuccess"
    assert (await api.act("ConfirmAccount", code=second))["__typename"] == "ConfirmAccountSuccess"
    assert await Account.all().count() == 1


async def test_resending_is_answered_alike_for_unknown_unconfirmed_and_confirmed_emails(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_email="20/day")
    await api.confirmed()
    await api.register(email="eva@example.com")
    await api.mails()

    answers = [
        await api.act("ResendConfirmationCode", email=email)
        for email in (EMAIL, "eva@example.com", "nadie@example.com")
    ]

    assert answers[0] == answers[1] == answers[2]
    assert [mail["to"] for mail in await api.mails()] == ["eva@example.com"]


@ON_SQLITE
async def test_resending_to_an_email_is_limited(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_email="1/day")
    await api.act("ResendConfirmationCode", email=EMAIL)

    throttled = await api.act("ResendConfirmationCode", email=EMAIL)

    assert throttled["__typename"] == "TooManyAttemptsError"
    assert 60 < throttled["retryAfterSeconds"] <= 86_400


@ON_SQLITE
async def test_resending_needs_an_email(api: Api) -> None:
    refused = await api.act("ResendConfirmationCode", email="nada")

    assert problems(refused) == [("email", "MALFORMED")]


@ON_SQLITE
async def test_many_resends_from_one_place_need_a_captcha(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_captcha="1/hour")
    await api.act("ResendConfirmationCode", email=EMAIL)

    asked = await api.act("ResendConfirmationCode", email="eva@example.com")
    captcha = {"id": asked["captcha"]["id"], "answer": "12345678"}
    wrong = await api.act("ResendConfirmationCode", email="eva@example.com", captcha=captcha)
    captcha = {"id": wrong["captcha"]["id"], "answer": api.solution(wrong["captcha"]["id"]).digits}
    right = await api.act("ResendConfirmationCode", email="eva@example.com", captcha=captcha)

    assert [answer["__typename"] for answer in (asked, wrong, right)] == [
        "CaptchaRequiredError",
        "CaptchaMismatchError",
        "ResendConfirmationCodeSuccess",
    ]


async def test_strangers_cannot_lock_an_email_before_it_has_an_account(api: Api) -> None:
    await api.register()
    await api.act("Login", email=EMAIL, password="no es mi clave")
    await FailureStreak.all().update(count=MAX_FAILURES)

    await api.act("ConfirmAccount", code=await api.mailed_code())

    assert await api.token()
