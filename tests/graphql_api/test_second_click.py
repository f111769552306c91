"""Registering again: the same email and password mean the same person, another password means somebody else."""

import asyncio
from datetime import timedelta
from typing import Any

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.registration import Registration
from services.common.clock import utc_now
from tests.api import Api, found
from tests.conftest import MakeApi
from tests.forms import EMAIL, NEW_PASSWORD, OTHER_RFC, PASSWORD, RFC

DAY = timedelta(days=1)


async def time_passes(time: timedelta) -> None:
    """As if the last mails had been sent so much earlier."""
    for registration in await Registration.all():
        if registration.mailed_at:
            registration.mailed_at -= time
            await registration.save()
    for code in await ConfirmationCode.all():
        code.expires_at -= time
        await code.save()


async def test_a_second_click_is_the_same_registration_and_needs_no_second_mail(api: Api) -> None:
    first = await api.register()
    before_the_mail_left = await api.register()
    mails = await api.mails()

    after_it_left = await api.register()

    assert first["__typename"] == "CreateAccountSuccess"
    assert first == before_the_mail_left == after_it_left
    assert await Registration.all().count() == 1
    assert (len(mails), await api.mails()) == (1, [])


async def test_concurrent_clicks_make_one_registration_and_one_mail(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account="1000/hour", limit_create_account_captcha="1000/hour")

    created = await asyncio.gather(*(api.register(rfc=rfc) for rfc in (RFC, OTHER_RFC) for _ in range(10)))

    assert {answer["__typename"] for answer in created} == {"CreateAccountSuccess"}
    assert await Registration.all().count() == 1
    assert len(await api.mails()) == 1


async def test_people_who_register_one_email_at_once_get_a_registration_and_a_mail_each(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_captcha="100/hour", limit_create_account_email_client="10/day")
    passwords = [f"la clave de cada {number}" for number in range(4)]

    created = await asyncio.gather(*(api.register(password=password) for password in passwords * 3))

    assert {answer["__typename"] for answer in created} == {"CreateAccountSuccess"}
    assert await Registration.all().count() == 4
    assert len({found(r"\b[2-9A-Z]{40}\b", mail) for mail in await api.mails()}) == 4


async def test_the_newer_rfc_counts_for_the_code_that_was_mailed_before(api: Api) -> None:
    await api.register(rfc=OTHER_RFC)
    code = await api.mailed_code()

    corrected = await api.register()
    await api.act("ConfirmAccount", code=code)

    assert corrected["rfc"] == RFC
    assert (await Account.get()).rfc == RFC


async def test_the_newer_spelling_and_language_count_too(api: Api) -> None:
    await api.register(language="ES")

    await api.register(email="ANA@example.com", language="EN")

    (mail,) = await api.mails()
    assert (mail["to"], found("Hello,", mail)) == ("ANA@example.com", "Hello,")


async def test_after_a_minute_another_mail_is_sent_and_both_codes_mean_the_newer_rfc(api: Api) -> None:
    await api.register(rfc=OTHER_RFC)
    first = await api.mailed_code()
    await time_passes(timedelta(minutes=1))

    await api.register()

    (mail,) = await api.mails()
    assert found(RFC, mail)
    assert found(r"\b[2-9A-Z]{40}\b", mail) != first
    await api.act("ConfirmAccount", code=first)
    assert (await Account.get()).rfc == RFC


async def test_a_click_after_a_minute_retries_a_mail_that_could_not_be_sent(api: Api) -> None:
    await api.register()
    tomorrow, then = utc_now() + DAY, utc_now() - timedelta(minutes=2)
    await Delivery.all().update(due_at=tomorrow, requested_at=then, attempts=20)

    await api.register()

    assert len(await api.mails()) == 1


async def test_another_password_makes_another_registration_with_a_separate_code(api: Api) -> None:
    await api.register(rfc=OTHER_RFC, password="clave del extraño")
    await api.mailed_code()
    await api.register()
    code = await api.mailed_code()

    confirmed = await api.act("ConfirmAccount", code=code)

    assert confirmed["__typename"] == "ConfirmAccountSuccess"
    assert (await Account.get(email_key=EMAIL)).rfc == RFC
    assert await Registration.all().count() == 0
    assert await api.token()


async def test_the_same_password_of_two_people_has_two_hashes(api: Api) -> None:
    await api.register()
    await api.register(email="eva@example.com")

    hashes = await Registration.all().values_list("password_hash", flat=True)

    assert len(set(hashes)) == 2


async def test_a_day_without_mails_left_is_no_error_if_a_code_is_still_valid(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email="1/day")
    await api.register(rfc=OTHER_RFC)
    code = await api.mailed_code()
    await time_passes(timedelta(hours=23))

    again = await api.register()

    assert again["__typename"] == "CreateAccountSuccess"
    assert await api.mails() == []
    await api.act("ConfirmAccount", code=code)
    assert (await Account.get()).rfc == RFC


async def test_without_a_mail_or_a_code_left_the_answer_says_how_long_to_wait(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email="1/day")
    await api.register(rfc=OTHER_RFC)
    await api.mails()
    await time_passes(DAY)

    again = await api.register()

    assert again["__typename"] == "TooManyAttemptsError"
    assert 86_000 < again["retryAfterSeconds"] <= 86_400
    assert (await Registration.get()).rfc == OTHER_RFC


async def test_a_throttled_registration_leaves_nothing_behind(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email="1/day")
    await api.register()
    await api.mails()

    refused = await api.register(password=NEW_PASSWORD)

    assert refused["__typename"] == "TooManyAttemptsError"
    assert await Registration.all().count() == 1
    assert await api.mails() == []


async def test_second_clicks_use_up_no_limit(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email="2/day", limit_create_account_captcha="100/hour")

    clicks = [await api.register() for _ in range(10)]
    other = await api.register(password=NEW_PASSWORD)

    assert {answer["__typename"] for answer in (*clicks, other)} == {"CreateAccountSuccess"}
    assert len(await api.mails()) == 2


class TestConcealed:
    """With CONCEAL_ACCOUNTS."""

    async def test_a_second_click_is_answered_alike_for_known_and_unknown_emails(self, make_api: MakeApi) -> None:
        api = await make_api(conceal_accounts=True, limit_create_account_captcha="100/hour")
        await api.confirmed()

        mailed: dict[str, list[Any]] = {}
        for email in (EMAIL, "eva@example.com"):
            for _ in range(2):
                created = await api.register(email=email, password=NEW_PASSWORD)
                assert created["__typename"] == "CreateAccountSuccess"
            mailed[email] = await api.mails()
            await api.register(email=email, password=NEW_PASSWORD)
            mailed[email] += await api.mails()
            await time_passes(timedelta(minutes=1))
            await api.register(email=email, password=NEW_PASSWORD)
            mailed[email] += await api.mails()

        assert [len(mails) for mails in mailed.values()] == [2, 2]
        assert await api.token(password=PASSWORD)


async def test_a_double_click_on_resending_sends_one_mail_and_succeeds_twice(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_email="1/minute;10/day")
    await api.register()
    await api.mails()

    answers = await asyncio.gather(*(api.act("ResendConfirmationCode", email=EMAIL) for _ in range(2)))

    assert [answer["__typename"] for answer in answers] == ["ResendConfirmationCodeSuccess"] * 2
    assert len(await api.mails()) == 1
