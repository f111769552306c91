"""What is written at each field of a form: in both languages, what is right, with the bounds that apply."""

from itertools import chain
from typing import Any

import pytest

from app.composition import ROOT
from services.common.translations import Language, Translations
from tests.api import COMPANY, EMAIL, PASSWORD, RFC, Api
from tests.companies import configured, created, signed_in, take
from tests.conftest import MakeApi
from tests.field_pairs import field_pairs

Told = tuple[str, str, str | None, str | None]  # field, code, minimum, maximum
Case = tuple[dict[str, Any], list[Told]]  # what is typed, or changed in a form that lacks nothing, and what is told

MAX_BIG_INT = str(2**63 - 1)
APPROVAL = ("1", "99999999999999")
NEW = "otra frase larga"
BLANK = " \u200b\t"
TEXTS = Translations(ROOT / "locales")


def _passwords(field: str, codes: dict[str, str]) -> list[Case]:
    """A new password that is typed twice."""
    return [
        ({field: typed, f"{field}Confirmation": typed}, [(field, code, "8", "128")]) for typed, code in codes.items()
    ]


REGISTRATION = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}
OF_REGISTRATION: list[Case] = [
    (
        {"rfc": "", "email": "", "password": "", "passwordConfirmation": ""},
        [
            ("rfc", "MISSING", "12", "13"),
            ("email", "MISSING", None, "254"),
            ("password", "MISSING", "8", "128"),
            ("passwordConfirmation", "MISSING", None, None),
        ],
    ),
    (
        {"rfc": BLANK, "email": BLANK, "password": BLANK, "passwordConfirmation": BLANK},
        [
            ("rfc", "MISSING", "12", "13"),
            ("email", "MISSING", None, "254"),
            ("password", "MISSING", "8", "128"),
            ("passwordConfirmation", "MISSING", None, None),
        ],
    ),
    (
        {"rfc": "EKU900317", "email": "ana@", "password": "corta", "passwordConfirmation": "larga"},
        [
            ("rfc", "MALFORMED", "12", "13"),
            ("email", "MALFORMED", None, "254"),
            ("password", "TOO_SHORT", "8", "128"),
            ("passwordConfirmation", "DOES_NOT_MATCH", None, None),
        ],
    ),
    (
        {"rfc": "XAXX010101000", "email": "a" * 300 + "@example.com", "password": "x" * 129},
        [
            ("rfc", "GENERIC_RFC", "12", "13"),
            ("email", "TOO_LONG", None, "254"),
            ("password", "TOO_LONG", "8", "128"),
            ("passwordConfirmation", "DOES_NOT_MATCH", None, None),
        ],
    ),
    (
        {"rfc": "АKU9003173C9", "email": "Аna@example.com"},
        [("rfc", "FORBIDDEN_CHARACTER", "12", "13"), ("email", "FORBIDDEN_CHARACTER", None, "254")],
    ),
    *_passwords("password", {"contraseña123": "TOO_COMMON", RFC: "CONTAINS_IDENTITY", "nul\0nul\0nul": "MALFORMED"}),
]
CHANGE = {"currentPassword": PASSWORD, "newPassword": NEW, "newPasswordConfirmation": NEW}
OF_CHANGE: list[Case] = [
    (
        {"currentPassword": "", "newPassword": "", "newPasswordConfirmation": ""},
        [
            ("currentPassword", "MISSING", None, None),
            ("newPassword", "MISSING", "8", "128"),
            ("newPasswordConfirmation", "MISSING", None, None),
        ],
    ),
    (
        {"currentPassword": BLANK, "newPassword": "corta"},
        [
            ("currentPassword", "MISSING", None, None),
            ("newPassword", "TOO_SHORT", "8", "128"),
            ("newPasswordConfirmation", "DOES_NOT_MATCH", None, None),
        ],
    ),
    *_passwords("newPassword", {"x" * 129: "TOO_LONG", "contraseña123": "TOO_COMMON", RFC: "CONTAINS_IDENTITY"}),
    *_passwords("newPassword", {"nul\0nul\0nul": "MALFORMED", PASSWORD: "NOT_NEW"}),
]
OF_COMPANY: list[Case] = [
    (
        {"legalName": BLANK, "taxRegime": BLANK, "postalCode": BLANK},
        [
            ("legalName", "MISSING", "1", "300"),
            ("taxRegime", "MISSING", None, None),
            ("postalCode", "MISSING", "5", "5"),
        ],
    ),
    (
        {"legalName": "A" * 301, "taxRegime": "999", "postalCode": "660"},
        [
            ("legalName", "TOO_LONG", "1", "300"),
            ("taxRegime", "NOT_IN_CATALOGUE", None, None),
            ("postalCode", "MALFORMED", "5", "5"),
        ],
    ),
    (
        {"legalName": "A|B", "taxRegime": "605"},
        [
            ("legalName", "FORBIDDEN_CHARACTER", "1", "300"),
            ("taxRegime", "NOT_FOR_TAXPAYER_TYPE", None, None),
        ],
    ),
    (
        {"taxRegime": "60А", "postalCode": "2601А"},
        [("taxRegime", "FORBIDDEN_CHARACTER", None, None), ("postalCode", "FORBIDDEN_CHARACTER", "5", "5")],
    ),
]
SERIES = {"name": "B", "firstFolio": "1"}
OF_SERIES: list[Case] = [
    (
        {"firstFolio": "1А", "lastFolio": "2А", "approvalNumber": "3А", "approvalYear": 2010},
        [
            ("firstFolio", "FORBIDDEN_CHARACTER", "1", MAX_BIG_INT),
            ("lastFolio", "FORBIDDEN_CHARACTER", "1", MAX_BIG_INT),
            ("approvalNumber", "FORBIDDEN_CHARACTER", *APPROVAL),
        ],
    ),
    (
        {"name": "A" * 26, "firstFolio": BLANK, "approvalNumber": BLANK, "approvalYear": 2010},
        [
            ("name", "TOO_LONG", None, "25"),
            ("firstFolio", "MISSING", "1", MAX_BIG_INT),
            ("approvalNumber", "MISSING", *APPROVAL),
        ],
    ),
    (
        {"name": "A|", "firstFolio": "x", "lastFolio": "x", "approvalNumber": "x"},
        [
            ("name", "FORBIDDEN_CHARACTER", None, "25"),
            ("firstFolio", "MALFORMED", "1", MAX_BIG_INT),
            ("lastFolio", "MALFORMED", "1", MAX_BIG_INT),
            ("approvalNumber", "MALFORMED", *APPROVAL),
            ("approvalYear", "MISSING", "2004", "2014"),
        ],
    ),
    (
        {"firstFolio": "0", "lastFolio": "0", "approvalNumber": "0", "approvalYear": 2003},
        [
            ("firstFolio", "OUT_OF_RANGE", "1", MAX_BIG_INT),
            ("lastFolio", "OUT_OF_RANGE", "1", MAX_BIG_INT),
            ("approvalNumber", "OUT_OF_RANGE", *APPROVAL),
            ("approvalYear", "OUT_OF_RANGE", "2004", "2014"),
        ],
    ),
    ({"firstFolio": "100", "lastFolio": "99"}, [("lastFolio", "LESS_THAN_FIRST", "100", MAX_BIG_INT)]),
    ({"name": "A", "firstFolio": "2"}, [("name", "ALREADY_USED", None, "25")]),
]
OF_SERIES_IN_USE: list[Case] = [
    (
        {"name": "C", "firstFolio": "9", "lastFolio": "10"},
        [
            ("name", "FOLIOS_TAKEN", None, "25"),
            ("firstFolio", "FOLIOS_TAKEN", "8", "8"),
            ("lastFolio", "FOLIOS_TAKEN", "12", MAX_BIG_INT),
        ],
    )
]
OF_LOGIN: list[Case] = [
    ({"email": blank, "password": blank}, [("email", "MISSING", None, "254"), ("password", "MISSING", None, None)])
    for blank in ("", BLANK)
]
OF_CONFIRMATION: list[Case] = [({"code": blank}, [("code", "MISSING", "40", "40")]) for blank in ("", BLANK)]
ANSWER_MISSING: Told = ("captcha.answer", "MISSING", None, None)
OF_RECOVERY: list[Case] = [
    (
        {"email": BLANK, "captcha": {"id": "x", "answer": BLANK}},
        [("email", "MISSING", None, "254"), ANSWER_MISSING],
    ),
    ({"email": "a" * 300}, [("email", "TOO_LONG", None, "254")]),
]
ALL = (
    *(OF_REGISTRATION, OF_CHANGE, OF_COMPANY, OF_SERIES, OF_SERIES_IN_USE),
    *(OF_LOGIN, OF_CONFIRMATION, OF_RECOVERY),
)


async def _check(api: Api, operation: str, form: dict[str, Any], told: list[Told]) -> None:
    """The same is told in both languages, each in its own sentence for the field and the code."""
    for language in Language:
        headers = {"accept-language": language.value}
        refused = await api.run(operation, {"input": form}, headers)
        texts = TEXTS.entries(language)
        expected = [
            {
                "field": field,
                "code": code,
                "minimum": minimum,
                "maximum": maximum,
                "message": texts[f"FieldError.{field}.{code}"].format(
                    minimum=minimum, maximum=maximum, character=_forbidden(form.get(field))
                ),
            }
            for field, code, minimum, maximum in told
        ]
        assert refused["__typename"] == "InvalidInputError", refused
        assert refused["fields"] == expected
        assert not [each["message"] for each in refused["fields"] if "None" in each["message"]]


def _forbidden(typed: object) -> str | None:
    """How the answer names what a field of these cases cannot have: a bar, or a Cyrillic letter."""
    return next((shown for sign, shown in {"|": "«|»", "А": "«А» (U+0410)"}.items() if sign in str(typed)), None)


def test_every_pair_that_the_services_answer_is_tried_here() -> None:
    told = chain.from_iterable(told for cases in ALL for _, told in cases)

    assert {(field, code) for field, code, _, _ in told} == field_pairs()


@pytest.mark.parametrize(("changes", "told"), OF_REGISTRATION)
async def test_a_wrong_field_of_a_registration_is_told(api: Api, changes: dict[str, Any], told: list[Told]) -> None:
    await _check(api, "CreateAccount", {**REGISTRATION, **changes}, told)


@pytest.mark.parametrize(("form", "told"), OF_LOGIN)
async def test_nothing_that_was_typed_is_no_wrong_password(api: Api, form: dict[str, Any], told: list[Told]) -> None:
    await _check(api, "Login", form, told)


@pytest.mark.parametrize(("form", "told"), OF_CONFIRMATION)
async def test_a_code_that_was_not_typed_is_missing(api: Api, form: dict[str, Any], told: list[Told]) -> None:
    await _check(api, "ConfirmAccount", form, told)


@pytest.mark.parametrize(("changes", "told"), OF_RECOVERY)
async def test_a_wrong_field_of_a_recovery_is_told(api: Api, changes: dict[str, Any], told: list[Told]) -> None:
    await _check(api, "RecoverPassword", {"email": EMAIL, "captcha": {"id": "x", "answer": "x"}, **changes}, told)


@pytest.mark.parametrize(("email", "code"), [("", "MISSING"), ("ana", "MALFORMED"), ("a" * 300, "TOO_LONG")])
async def test_a_wrong_e_mail_to_resend_to_is_told(api: Api, email: str, code: str) -> None:
    await _check(api, "ResendConfirmationCode", {"email": email}, [("email", code, None, "254")])


async def test_a_wrong_field_of_a_new_password_is_told(api: Api) -> None:
    me = await signed_in(api)

    for changes, told in OF_CHANGE:
        await _check(me, "ChangePassword", {**CHANGE, **changes}, told)


async def test_a_wrong_field_of_a_company_is_told(api: Api) -> None:
    me = await signed_in(api)

    for changes, told in OF_COMPANY:
        await _check(me, "ConfigureCompany", {**COMPANY, **changes}, told)


async def test_a_wrong_field_of_a_series_is_told(api: Api) -> None:
    me = await configured(api)
    await created(me, name="A")
    second = await created(me, **SERIES)

    for changes, told in OF_SERIES:
        await _check(me, "UpdateSeries", {"id": second["id"], **SERIES, **changes}, told)
        await _check(me, "CreateSeries", {**SERIES, "name": "C", **changes}, told)


async def test_what_stays_of_a_series_in_use_is_told(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A", firstFolio="8")
    await take(me, series["id"], 5)

    for form, told in OF_SERIES_IN_USE:
        await _check(me, "UpdateSeries", {"id": series["id"], **form}, told)


async def test_the_minimum_is_that_of_the_setting(make_api: MakeApi) -> None:
    api = await make_api(password_minimum_length=15)

    refused = await api.register(password="catorce letras", passwordConfirmation="catorce letras")

    (told,) = refused["fields"]
    assert (told["code"], told["minimum"], told["maximum"]) == ("TOO_SHORT", "15", "128")
    assert "al menos 15 caracteres" in told["message"]


@pytest.mark.parametrize(
    ("operation", "form"), [("ResendConfirmationCode", {"email": EMAIL}), ("CreateAccount", REGISTRATION)]
)
async def test_a_blank_answer_spends_no_captcha(make_api: MakeApi, operation: str, form: dict[str, Any]) -> None:
    api = await make_api(limit_resend_captcha="1/hour", limit_create_account_captcha="1/hour")
    await api.act(operation, **{**form, "email": "eva@example.com"})
    asked = await api.act(operation, **form)
    captcha = {"id": asked["captcha"]["id"], "answer": BLANK}

    await _check(api, operation, {**form, "captcha": captcha}, [ANSWER_MISSING])

    captcha["answer"] = api.solution(captcha["id"]).digits
    assert (await api.act(operation, **form, captcha=captcha))["__typename"] == f"{operation}Success"


async def test_a_blank_answer_that_is_not_asked_for_is_ignored(api: Api) -> None:
    registered = await api.register(captcha={"id": "", "answer": ""})

    assert registered["__typename"] == "CreateAccountSuccess"


async def test_a_blank_answer_at_login_counts_no_failure(make_api: MakeApi) -> None:
    api = await make_api(limit_login_failures="1/hour")
    await api.account()
    await api.act("Login", email=EMAIL, password="no es mi clave")
    asked = await api.act("Login", email=EMAIL, password=PASSWORD)
    captcha = {"id": asked["captcha"]["id"], "answer": ""}

    await _check(api, "Login", {"email": EMAIL, "password": PASSWORD, "captcha": captcha}, [ANSWER_MISSING])

    captcha["answer"] = api.solution(captcha["id"]).digits
    assert (await api.act("Login", email=EMAIL, password=PASSWORD, captcha=captcha))["__typename"] == "LoginSuccess"


async def test_a_password_of_spaces_signs_in_as_it_was_chosen(api: Api) -> None:
    await api.account(password=" " * 8)

    assert await api.token(password=" " * 8)


@pytest.mark.parametrize(
    ("limit", "spanish", "english"),
    [
        ("1/hour", "Espera 1 hora y", "Wait 1 hour and"),
        ("1/3 hours", "Espera 3 horas y", "Wait 3 hours and"),
        ("1/day", "Espera 1 día y", "Wait 1 day and"),
        ("1/2 days", "Espera 2 días y", "Wait 2 days and"),
    ],
)
async def test_a_wait_is_told_as_people_say_it(make_api: MakeApi, limit: str, spanish: str, english: str) -> None:
    api = await make_api(limit_confirm_account=limit)
    form = {"input": {"code": "A" * 40}}
    await api.run("ConfirmAccount", form)

    in_spanish = await api.run("ConfirmAccount", form, {"accept-language": "es"})
    in_english = await api.run("ConfirmAccount", form, {"accept-language": "en"})

    assert in_spanish["message"] == f"Demasiados intentos. {spanish} vuelve a intentarlo."
    assert in_english["message"] == f"Too many attempts. {english} try again."
