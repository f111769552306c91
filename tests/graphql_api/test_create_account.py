"""createAccount, the first step of onboarding."""

from datetime import timedelta
from typing import Any

from models.delivery import Delivery
from models.registration import Registration
from tests.api import Api, found
from tests.companies import problems
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, REGISTRATION, RFC
from tests.stores import ON_SQLITE


async def test_a_registration_is_answered_and_mailed_with_user_rfc_and_code(api: Api) -> None:
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


@ON_SQLITE
async def test_every_wrong_field_is_reported_at_once_and_nothing_is_kept(api: Api) -> None:
    created = await api.register(rfc="XAXX010101000", email="ana", password="corta", passwordConfirmation="larga")

    assert problems(created) == [
        ("rfc", "GENERIC_RFC"),
        ("email", "MALFORMED"),
        ("password", "TOO_SHORT"),
        ("passwordConfirmation", "DOES_NOT_MATCH"),
    ]
    assert all(field["message"] for field in created["fields"])
    assert await Registration.all().count() == 0


EASY_TO_GUESS = {
    "contraseña123": "TOO_COMMON",
    "Password1": "TOO_COMMON",
    "EKU9003173C9!!": "CONTAINS_IDENTITY",
    "ana@example.com1": "CONTAINS_IDENTITY",
    "timbrado1..": "CONTAINS_IDENTITY",
    "x" * 129: "TOO_LONG",
    "nul\0nul\0nul": "MALFORMED",
}


@ON_SQLITE
async def test_a_password_that_is_easy_to_guess_is_refused(api: Api) -> None:
    refused = {password: problems(await api.register(password=password)) for password in EASY_TO_GUESS}

    assert refused == {password: [("password", code)] for password, code in EASY_TO_GUESS.items()}


HOSTILE = ("", "\0", "\uffff" * 100, "é" * 4_000, "'; DROP TABLE account; --", "\u202e\u0000")


@ON_SQLITE
async def test_hostile_text_in_any_field_is_invalid_input(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account="100/hour", limit_create_account_captcha="100/hour")
    fields = ("rfc", "email", "password", "passwordConfirmation")

    answers = {
        (field, text): (await api.register(**{"passwordConfirmation": "another", field: text}))["__typename"]
        for field in fields
        for text in HOSTILE
    }

    assert answers == {(field, text): "InvalidInputError" for field in fields for text in HOSTILE}


async def test_an_email_that_has_an_account_already_exists(api: Api) -> None:
    await api.confirmed()
    await Delivery.all().delete()

    created = await api.register(email="ANA@example.com")

    assert created["__typename"] == "UserAlreadyExistsError"
    assert created["message"]
    assert await api.mails() == []


@ON_SQLITE
async def test_many_registrations_from_one_place_need_a_captcha(make_api: MakeApi) -> None:
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


@ON_SQLITE
async def test_too_many_registrations_from_one_place_have_to_wait(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account="1/hour")
    await api.register()

    throttled = await api.register(email="b@example.com")

    assert throttled["__typename"] == "TooManyAttemptsError"
    assert 0 < throttled["retryAfterSeconds"] <= 3600


@ON_SQLITE
async def test_the_mail_is_in_the_chosen_language_or_that_of_the_request(api: Api) -> None:
    greetings = {
        (None, "es"): "Hola:",
        (None, "en-US"): "Hello,",
        ("ES", "en"): "Hola:",
        ("EN", "es"): "Hello,",
    }
    found_in = {}

    for number, (chosen, accepted) in enumerate(greetings):
        form = {**REGISTRATION, "email": f"u{number}@example.com", "language": chosen}
        created = await api.run("CreateAccount", {"input": form}, {"accept-language": accepted})
        (mail,) = await api.mails()
        found_in[chosen, accepted] = found("Hola:|Hello,", mail)
        assert ("created" in created["message"]) == accepted.startswith("en")

    assert found_in == greetings


class TestConcealed:
    """With CONCEAL_ACCOUNTS."""

    async def test_an_email_that_has_an_account_gets_a_mail_and_the_answer_is_the_same(self, make_api: MakeApi) -> None:
        api = await make_api(conceal_accounts=True)
        await api.confirmed()
        form = {"rfc": "H&E951128469", "password": "otra frase larga", "passwordConfirmation": "otra frase larga"}

        known = await api.register(email="ana@example.com", **form)
        unknown = await api.register(email="eva@example.com", **form)

        mails = {mail["to"]: mail["subject"] for mail in await api.mails()}
        assert known == _renamed(unknown, "eva@example.com", "ana@example.com")
        assert mails == {
            "ana@example.com": "Ya tienes una cuenta en Timbrado",
            "eva@example.com": mails["eva@example.com"],
        }

    @ON_SQLITE
    async def test_login_does_not_reveal_a_registration(self, make_api: MakeApi) -> None:
        api = await make_api(conceal_accounts=True)
        await api.register()

        login = await api.act("Login", email=EMAIL, password=PASSWORD)

        assert login["__typename"] == "InvalidCredentialsError"


def _renamed(answer: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {name: value.replace(old, new) for name, value in answer.items()}


async def test_a_registration_lasts_as_long_as_its_code(api: Api) -> None:
    await api.register()
    await api.mailed_code()
    (registration,) = await Registration.all()
    registration.created_at -= timedelta(days=8)
    await registration.save()

    await api.composition.cleanup.clean_up()

    assert await Registration.all().count() == 1
