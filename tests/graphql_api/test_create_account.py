"""Step 1."""

from datetime import timedelta
from typing import Any

import pytest

from models.delivery import Delivery
from models.registration import Registration
from tests.api import EMAIL, PASSWORD, RFC, Api, found
from tests.conftest import MakeApi


async def test_a_taxpayer_registers_and_gets_a_mail_with_user_rfc_and_code(api: Api) -> None:
    created = await api.register(rfc="eku 900317-3c9", email=" Ana@Example.com ")

    (mail,) = await api.mails()
    assert created == {
        "__typename": "CreateAccountSuccess",
        "message": created["message"],
        "email": "Ana@example.com",
        "rfc": RFC,
    }
    assert mail["to"] == "Ana@example.com"
    assert found("Ana@example.com", mail)
    assert found(RFC, mail)
    assert found(r"\b[2-9A-Z]{40}\b", mail)


async def test_every_wrong_field_comes_back_at_once(api: Api) -> None:
    created = await api.register(rfc="XAXX010101000", email="ana", password="corta", passwordConfirmation="larga")

    assert created["__typename"] == "InvalidInputError"
    assert [(field["field"], field["code"]) for field in created["fields"]] == [
        ("rfc", "GENERIC_RFC"),
        ("email", "MALFORMED"),
        ("password", "TOO_SHORT"),
        ("passwordConfirmation", "DOES_NOT_MATCH"),
    ]
    assert all(field["message"] for field in created["fields"])
    assert await Registration.all().count() == 0


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("contraseña123", "TOO_COMMON"),
        ("Password1", "TOO_COMMON"),
        ("EKU9003173C9!!", "CONTAINS_IDENTITY"),
        ("ana@example.com1", "CONTAINS_IDENTITY"),
        ("timbrado1..", "CONTAINS_IDENTITY"),
        ("x" * 129, "TOO_LONG"),
        ("nul\0nul\0nul", "MALFORMED"),
    ],
)
async def test_a_password_that_is_easy_to_guess_is_refused(api: Api, password: str, code: str) -> None:
    created = await api.register(password=password, passwordConfirmation=password)

    assert [(field["field"], field["code"]) for field in created["fields"]] == [("password", code)]


async def test_a_password_is_the_same_on_another_keyboard(api: Api) -> None:
    created = await api.register(password="pingüino azul", passwordConfirmation="pingu\u0308ino azul")

    assert created["__typename"] == "CreateAccountSuccess"


@pytest.mark.parametrize("field", ["rfc", "email", "password", "passwordConfirmation"])
@pytest.mark.parametrize("text", ["", "\0", "\uffff" * 100, "é" * 4_000, "'; DROP TABLE account; --", "\u202e\u0000"])
async def test_hostile_text_in_any_field_is_a_typed_answer(api: Api, field: str, text: str) -> None:
    created = await api.register(**{"passwordConfirmation": "another", field: text})

    assert created["__typename"] == "InvalidInputError"


async def test_an_e_mail_with_an_account_already_exists(api: Api) -> None:
    await api.account()
    await Delivery.all().delete()

    created = await api.register(email="ANA@example.com")

    assert created["__typename"] == "UserAlreadyExistsError"
    assert created["message"]
    assert await api.mails() == []


async def test_many_from_one_place_are_asked_for_a_captcha(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_captcha="1/hour")
    await api.register()

    asked = await api.register(email="b@example.com")
    wrong = await api.register(email="b@example.com", captcha={"id": asked["captcha"]["id"], "answer": "no es esto"})
    solution = api.solution(wrong["captcha"]["id"])
    right = await api.register(
        email="b@example.com", captcha={"id": wrong["captcha"]["id"], "answer": " ".join(solution.words)}
    )

    assert asked["__typename"] == "CaptchaRequiredError"
    assert asked["captcha"]["image"]["dataUri"].startswith("data:image/png;base64,")
    assert wrong["__typename"] == "CaptchaMismatchError"
    assert wrong["captcha"]["id"] != asked["captcha"]["id"]
    assert right["__typename"] == "CreateAccountSuccess"


async def test_too_many_from_one_place_have_to_wait(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account="1/hour")
    await api.register()

    throttled = await api.register(email="b@example.com")

    assert throttled["__typename"] == "TooManyAttemptsError"
    assert 0 < throttled["retryAfterSeconds"] <= 3600


@pytest.mark.parametrize(
    ("chosen", "accepted", "greeting"),
    [(None, "es", "Hola:"), (None, "en-US", "Hello,"), ("ES", "en", "Hola:"), ("EN", "es", "Hello,")],
)
async def test_the_mail_is_in_the_chosen_language_or_that_of_the_request(
    api: Api, chosen: str | None, accepted: str, greeting: str
) -> None:
    form = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD, "language": chosen}

    created = await api.run("CreateAccount", {"input": form}, {"accept-language": accepted})

    (mail,) = await api.mails()
    assert found(greeting, mail)
    assert ("created" in created["message"]) == (accepted == "en-US" or accepted == "en")


class TestConcealed:
    """With CONCEAL_ACCOUNTS."""

    async def test_an_e_mail_with_an_account_gets_a_mail_and_the_answer_is_the_same(self, make_api: MakeApi) -> None:
        api = await make_api(conceal_accounts=True)
        await api.account()
        form = {"rfc": "H&E951128469", "password": "otra frase larga", "passwordConfirmation": "otra frase larga"}

        known = await api.register(email="ana@example.com", **form)
        unknown = await api.register(email="eva@example.com", **form)

        mails = {mail["to"]: mail["subject"] for mail in await api.mails()}
        assert known == _renamed(unknown, "eva@example.com", "ana@example.com")
        assert mails == {
            "ana@example.com": "Ya tienes una cuenta en Timbrado",
            "eva@example.com": mails["eva@example.com"],
        }

    async def test_signing_in_to_a_registration_tells_nothing(self, make_api: MakeApi) -> None:
        api = await make_api(conceal_accounts=True)
        await api.register()

        login = await api.act("Login", email=EMAIL, password=PASSWORD)

        assert login["__typename"] == "InvalidCredentialsError"


def _renamed(answer: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {name: value.replace(old, new) for name, value in answer.items()}


async def test_a_registration_outlives_its_mail_by_its_code(api: Api) -> None:
    await api.register()
    await api.mailed_code()
    (registration,) = await Registration.all()
    registration.created_at -= timedelta(days=8)
    await registration.save()

    await api.composition.cleanup.clean_up()

    assert await Registration.all().count() == 1
