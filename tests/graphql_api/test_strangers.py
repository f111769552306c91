"""Whatever strangers do with an email, its owner gets a mail, with the code of the owner's registration."""

import re
from typing import Any

import pytest

from models.account import Account
from models.registration import Registration
from tests.api import Api, found
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, OTHER_RFC, PASSWORD, RFC
from tests.stores import ON_EVERY_LIMIT_STORAGE

CODE = r"\b[2-9A-Z]{40}\b"
OWNER = "203.0.113.1"


async def _as(api: Api, address: str, operation: str, **form: Any) -> Any:
    return await api.run(operation, {"input": form}, {"x-forwarded-for": address})


async def _register(api: Api, address: str, password: str, rfc: str = OTHER_RFC) -> Any:
    form = {"rfc": rfc, "email": EMAIL, "password": password, "passwordConfirmation": password}
    return await _as(api, address, "CreateAccount", **form)


async def _register_owner(api: Api) -> Any:
    return await _register(api, OWNER, PASSWORD, RFC)


async def _recover(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": solution.digits})


async def _codes(api: Api, rfc: str) -> list[str]:
    """Those that came since the last time, for one RFC."""
    return [found(CODE, mail) for mail in await api.mails() if re.search(re.escape(rfc), mail.as_string())]


async def _owner_confirms(api: Api, code: str) -> None:
    assert (await api.act("ConfirmAccount", code=code))["__typename"] == "ConfirmAccountSuccess"
    assert (await Account.get()).rfc == RFC
    assert await api.token()


async def test_resending_to_an_unregistered_email_takes_no_mail_from_its_owner(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_email="10/day", limit_resend_captcha="100/hour")
    resent = [await api.act("ResendConfirmationCode", email=EMAIL) for _ in range(12)]
    assert [answer["__typename"] for answer in resent[9:]] == [
        "ResendConfirmationCodeSuccess",
        "TooManyAttemptsError",
        "TooManyAttemptsError",
    ]
    assert await api.mails() == []

    created = await api.register()

    assert created["__typename"] == "CreateAccountSuccess"
    await _owner_confirms(api, await api.mailed_code())


async def test_recovering_an_unregistered_email_takes_no_mail_from_its_owner(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password_email="100/day", limit_mail_email="3/day")
    for _ in range(5):
        await _recover(api)
        await api.mails()

    await api.register()

    await _owner_confirms(api, await api.mailed_code())


STRANGERS = {"one address": ["198.51.100.1"], "one network": [f"2001:db8:1:{n:x}::1" for n in range(10)]}


@ON_EVERY_LIMIT_STORAGE
@pytest.mark.parametrize("strangers", STRANGERS)
async def test_one_stranger_with_many_passwords_leaves_mails_for_the_owner(make_api: MakeApi, strangers: str) -> None:
    api = await make_api(trusted_proxies=1, limit_create_account_captcha="100/hour")
    addresses = STRANGERS[strangers]
    answers = [await _register(api, addresses[n % len(addresses)], f"la clave {n} del extraño") for n in range(10)]
    await api.mails()

    created = await _register_owner(api)

    assert {answer["__typename"] for answer in answers} == {"CreateAccountSuccess", "TooManyAttemptsError"}
    assert created["__typename"] == "CreateAccountSuccess"
    await _owner_confirms(api, await api.mailed_code())


@ON_EVERY_LIMIT_STORAGE
async def test_if_strangers_used_up_a_day_the_owner_learns_how_long_to_wait(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1, limit_create_account_captcha="100/hour")
    for n in range(14):
        await _register(api, f"198.51.100.{n}", f"la clave {n} del extraño")

    created = await _register_owner(api)

    assert created["__typename"] == "TooManyAttemptsError"
    assert 86_000 < created["retryAfterSeconds"] <= 86_400
    assert len(await api.mails()) == 12


async def test_what_strangers_ask_for_takes_no_mail_from_those_who_register_or_confirm_later(
    make_api: MakeApi,
) -> None:
    api = await make_api(trusted_proxies=1, limit_resend_email="100/day", limit_resend_captcha="100/hour")
    await _register(api, "198.51.100.1", "clave del extraño")
    for _ in range(16):
        await _as(api, "198.51.100.1", "ResendConfirmationCode", email=EMAIL)
        await api.mails()

    await _register_owner(api)

    (code,) = await _codes(api, RFC)
    await _owner_confirms(api, code)
    await _recover(api)
    assert len(await api.mails()) == 1  # the recovery


async def test_a_code_belongs_to_the_registration_that_asked_for_it_even_if_it_is_mailed_late(api: Api) -> None:
    await api.register()
    await api.register(rfc=OTHER_RFC, password="clave del extraño")

    codes = await _codes(api, RFC)

    assert len(codes) == 1
    await _owner_confirms(api, codes[0])


@pytest.mark.parametrize("again", [False, True], ids=["resent", "recovered"])
async def test_both_the_owners_and_the_strangers_registration_get_another_code(make_api: MakeApi, again: bool) -> None:
    api = await make_api(limit_resend_email="10/day")
    await api.register()
    await api.register(rfc=OTHER_RFC, password="clave del extraño")
    await api.mails()

    await (_recover(api) if again else api.act("ResendConfirmationCode", email=EMAIL))

    mails = await api.mails()
    assert sorted(found(rf"{RFC}|{OTHER_RFC}", mail) for mail in mails) == [RFC, OTHER_RFC]
    assert len({mail["message-id"] for mail in mails}) == 2
    (code,) = [found(CODE, mail) for mail in mails if RFC in mail.as_string()]
    await _owner_confirms(api, code)


@pytest.mark.parametrize("place", [0, 6])
async def test_the_owners_registration_gets_a_code_among_many(make_api: MakeApi, place: int) -> None:
    api = await make_api(
        trusted_proxies=1,
        limit_create_account_captcha="100/hour",
        limit_resend_email="10/day",
        limit_mail_email="100/day",
    )
    for n in range(7):
        await (_register_owner(api) if n == place else _register(api, f"198.51.100.{n}", f"la clave {n} ajena"))
        await api.mails()

    codes: list[str] = []
    for _ in range(3):
        await _as(api, OWNER, "ResendConfirmationCode", email=EMAIL)
        codes += await _codes(api, RFC)

    assert codes
    await _owner_confirms(api, codes[0])


async def test_no_mail_is_sent_for_a_registration_that_is_gone(api: Api) -> None:
    await api.register()
    await api.register(rfc=OTHER_RFC, password="clave del extraño")
    await Registration.filter(rfc=RFC).delete()

    mails = await api.mails()

    assert [found(rf"{RFC}|{OTHER_RFC}", mail) for mail in mails] == [OTHER_RFC]


async def test_user_already_exists_is_answered_however_often_one_asks(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1, limit_create_account_captcha="1000/hour")
    await api.confirmed()

    answers = [await _register(api, f"198.51.100.{n}", f"la clave {n} ajena") for n in range(14)]

    assert {answer["__typename"] for answer in answers} == {"UserAlreadyExistsError"}
    assert await api.mails() == []


async def test_a_strangers_later_registration_does_not_invalidate_the_owners_password(api: Api) -> None:
    await _register_owner(api)
    await _register(api, "203.0.113.2", "la frase de un extraño")

    logins = [await api.act("Login", email=EMAIL, password=password) for password in (PASSWORD, "una frase ajena")]

    assert [login["__typename"] for login in logins] == ["AccountNotConfirmedError", "InvalidCredentialsError"]


async def test_codes_of_strangers_who_want_the_email_leave_the_owners_mails_alone(make_api: MakeApi) -> None:
    api = await make_api(conceal_accounts=True, limit_mail_email="1/day")
    await api.confirmed()
    stranger = await signed_in(api, email="zoe@example.com")
    for _ in range(2):
        await stranger.act("ChangeEmail", email=EMAIL)
        await api.mails()

    await api.act("Login", email=EMAIL, password=await api.recover())

    assert [mail["Subject"] for mail in await api.mails()] == ["Se usó la clave que te enviamos de Timbrado"]


async def test_no_number_of_notices_keeps_the_owner_from_recovering_the_password(make_api: MakeApi) -> None:
    api = await make_api(limit_mail_email="2/day")
    thief = await signed_in(api)
    for operation in ("RequestAccountDeletion", "CancelAccountDeletion") * 2:
        await thief.run(operation)
        await api.mails()

    assert await api.recover()
