"""The message at each field of a form: the right one, in both languages, with the bounds that apply."""

import json
from itertools import chain
from typing import Any

from app.composition import ROOT
from app.operations import OPERATIONS
from services.common.translations import Language, Translations
from tests.api import Api
from tests.authenticators import Authenticator, b64
from tests.companies import configured, created, take
from tests.conftest import MakeApi
from tests.field_pairs import field_pairs
from tests.forms import COMPANY, EMAIL, PASSWORD, PASSWORD_CHANGE, REGISTRATION, RFC
from tests.graphql_api.test_passkeys import added, begun, listed
from tests.stores import ON_SQLITE

Expected = tuple[str, str, str | None, str | None]  # field, code, minimum, maximum
Case = tuple[dict[str, Any], list[Expected]]  # what is typed, or changed in a valid form, and the answer

MAX_BIG_INT = str(2**63 - 1)
APPROVAL = ("1", "99999999999999")
INVISIBLE = " \u200b\t"
TEXTS = Translations(ROOT / "locales")


def _passwords(field: str, codes: dict[str, str]) -> list[Case]:
    """A new password that is typed twice."""
    return [
        ({field: typed, f"{field}Confirmation": typed}, [(field, code, "8", "128")]) for typed, code in codes.items()
    ]


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
        {"rfc": INVISIBLE, "email": INVISIBLE, "password": INVISIBLE, "passwordConfirmation": INVISIBLE},
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
OF_CODE: list[Case] = [
    ({"oneTimeCode": ""}, [("oneTimeCode", "MISSING", None, None)]),
    ({"oneTimeCode": "12"}, [("oneTimeCode", "MALFORMED", None, None)]),
    ({"oneTimeCode": "123456"}, [("oneTimeCode", "INCORRECT", None, None)]),
]
OF_PROOF: list[Case] = [
    ({"password": ""}, [("password", "MISSING", None, None)]),
    ({"password": "no es mi clave"}, [("password", "INCORRECT", None, None)]),
]
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
        {"currentPassword": INVISIBLE, "newPassword": "corta"},
        [
            ("currentPassword", "MISSING", None, None),
            ("newPassword", "TOO_SHORT", "8", "128"),
            ("newPasswordConfirmation", "DOES_NOT_MATCH", None, None),
        ],
    ),
    ({"currentPassword": "no es mi clave"}, [("currentPassword", "INCORRECT", None, None)]),
    *_passwords("newPassword", {"x" * 129: "TOO_LONG", "contraseña123": "TOO_COMMON", RFC: "CONTAINS_IDENTITY"}),
    *_passwords("newPassword", {"nul\0nul\0nul": "MALFORMED", PASSWORD: "NOT_NEW"}),
]
OF_COMPANY: list[Case] = [
    (
        {"legalName": INVISIBLE, "taxRegime": INVISIBLE, "postalCode": INVISIBLE},
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
        {"name": "A" * 26, "firstFolio": INVISIBLE, "approvalNumber": INVISIBLE, "approvalYear": 2010},
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
    ({"email": empty, "password": empty}, [("email", "MISSING", None, "254"), ("password", "MISSING", None, None)])
    for empty in ("", INVISIBLE)
]
OF_LOGIN += [
    ({"email": EMAIL, "password": PASSWORD, "deviceName": "x" * 101}, [("deviceName", "TOO_LONG", None, "100")]),
    ({"email": EMAIL, "password": PASSWORD, "deviceName": "a\0"}, [("deviceName", "FORBIDDEN_CHARACTER", None, "100")]),
]
UNKNOWN_PASSKEY = json.dumps({"id": "AA", "response": {"clientDataJSON": b64(b'{"challenge": "A", "origin": "b"}')}})
PASSKEYS = {
    "": "MISSING",
    INVISIBLE: "MISSING",
    "x" * 16_001: "TOO_LONG",
    "{}": "MALFORMED",
    UNKNOWN_PASSKEY: "INCORRECT",
}
OF_PASSKEY_LOGIN: list[Case] = [
    ({"credential": typed}, [("credential", code, None, "16000")]) for typed, code in PASSKEYS.items()
]
OF_PASSKEY_PROOF: list[Case] = [
    ({"passkey": typed}, [("passkey", code, None, "16000")]) for typed, code in PASSKEYS.items()
]
OF_REGISTERED_PASSKEY: list[Case] = [({}, [("credential", "ALREADY_USED", None, "16000")])]
OF_NICKNAME: list[Case] = [
    ({"nickname": "x" * 101}, [("nickname", "TOO_LONG", None, "100")]),
    ({"nickname": "a\0"}, [("nickname", "FORBIDDEN_CHARACTER", None, "100")]),
]
OF_CONFIRMATION: list[Case] = [({"code": empty}, [("code", "MISSING", "40", "40")]) for empty in ("", INVISIBLE)]
ANSWER_MISSING: Expected = ("captcha.answer", "MISSING", None, None)
RECOVERY = {"email": EMAIL, "captcha": {"id": "x", "answer": "x"}}
OF_RECOVERY: list[Case] = [
    (
        {"email": INVISIBLE, "captcha": {"id": "x", "answer": INVISIBLE}},
        [("email", "MISSING", None, "254"), ANSWER_MISSING],
    ),
    ({"email": "a" * 300}, [("email", "TOO_LONG", None, "254")]),
]
OF_RESENDING: list[Case] = [
    ({"email": email}, [("email", code, None, "254")])
    for email, code in {"": "MISSING", "ana": "MALFORMED", "a" * 300: "TOO_LONG"}.items()
]
OF_NEW_EMAIL: list[Case] = [({"email": EMAIL}, [("email", "NOT_NEW", None, "254")])]
OF_NEW_RFC: list[Case] = [({"rfc": RFC}, [("rfc", "NOT_NEW", "12", "13")])]
OF_ACCOUNTS: list[Case] = [
    ({"after": "x", "first": 0}, [("after", "MALFORMED", None, None), ("first", "OUT_OF_RANGE", "1", "100")])
]
NOTICE = {"privacy_notice_version": "2", "privacy_notice_url": "https://app.example.mx/aviso"}
OF_NOTICE_AT_REGISTRATION: list[Case] = [
    ({}, [("acceptedPrivacyNotice", "MISSING", None, None)]),
    ({"acceptedPrivacyNotice": "1"}, [("acceptedPrivacyNotice", "NOT_CURRENT", None, None)]),
]
OF_NOTICE: list[Case] = [
    ({"version": INVISIBLE}, [("version", "MISSING", None, None)]),
    ({"version": "1"}, [("version", "NOT_CURRENT", None, None)]),
]
ID = "3f2b8c1e-5a77-4d39-9c64-0e1f2a3b4c5d"
RESERVATION = {"accountId": ID, "seriesId": ID, "requestId": ID}
OF_RESERVATION: list[Case] = [({"requestId": "no UUID"}, [("requestId", "MALFORMED", None, None)])]
OF_INVOICE: list[Case] = [({"requestId": ID, "uuid": "no UUID"}, [("uuid", "MALFORMED", None, None)])]
OF_PAGE: list[Case] = [
    ({"after": "x", "first": 0}, [("first", "OUT_OF_RANGE", "1", "100"), ("after", "MALFORMED", None, None)]),
    ({"olderThanHours": -1}, [("olderThanHours", "OUT_OF_RANGE", "0", "8784")]),
]
OF_EVENTS: list[Case] = [
    ({**form, "types": []}, [*expected, ("types", "MISSING", None, None)]) for form, expected in OF_ACCOUNTS
]
ALL = (
    *(OF_RESERVATION, OF_INVOICE, OF_PAGE),
    *(OF_REGISTRATION, OF_LOGIN, OF_CONFIRMATION, OF_RECOVERY, OF_RESENDING),
    *(OF_CODE, OF_NEW_EMAIL, OF_NEW_RFC, OF_PROOF, OF_CHANGE),
    *(OF_COMPANY, OF_SERIES, OF_SERIES_IN_USE, OF_ACCOUNTS, OF_EVENTS),
    *(OF_NOTICE_AT_REGISTRATION, OF_NOTICE),
    *(OF_PASSKEY_LOGIN, OF_PASSKEY_PROOF, OF_REGISTERED_PASSKEY, OF_NICKNAME),
)


def test_every_field_error_of_the_services_is_tried_here() -> None:
    expected = chain.from_iterable(expected for cases in ALL for _, expected in cases)

    assert {(field, code) for field, code, _, _ in expected} == field_pairs()


@ON_SQLITE
async def test_the_forms_of_strangers_name_their_wrong_fields_in_both_languages(api: Api) -> None:
    forms = [
        *(("CreateAccount", {**REGISTRATION, **changes}, expected) for changes, expected in OF_REGISTRATION),
        *(("Login", form, expected) for form, expected in OF_LOGIN),
        *(("LoginWithPasskey", form, expected) for form, expected in OF_PASSKEY_LOGIN),
        *(("ConfirmAccount", form, expected) for form, expected in OF_CONFIRMATION),
        *(("RecoverPassword", {**RECOVERY, **changes}, expected) for changes, expected in OF_RECOVERY),
        *(("ResendConfirmationCode", form, expected) for form, expected in OF_RESENDING),
    ]

    assert [wrong for form in forms if (wrong := await _differences(api, *form))] == []


@ON_SQLITE
async def test_the_forms_of_an_account_name_their_wrong_fields_in_both_languages(api: Api) -> None:
    me = await configured(api)
    await created(me, name="A")
    second = await created(me, **SERIES)
    used = await created(me, name="U", firstFolio="8")
    await take(me, used["id"], 5)
    passkey = await added(me)
    (kept,) = await listed(me)
    _, again = Authenticator().make(await begun(me), id=passkey.id)
    of_series = [{**SERIES, **changes} for changes, _ in OF_SERIES]
    forms = [
        *(("Reauthenticate", form, expected) for form, expected in (*OF_PROOF, *OF_PASSKEY_PROOF)),
        *(("AddPasskey", {"credential": again}, expected) for _, expected in OF_REGISTERED_PASSKEY),
        *(("RenamePasskey", {"id": kept["id"], **form}, expected) for form, expected in OF_NICKNAME),
        *(("ChangePassword", {**PASSWORD_CHANGE, **changes}, expected) for changes, expected in OF_CHANGE),
        *(("ConfirmTotp", form, expected) for form, expected in OF_CODE),
        *(("ChangeEmail", form, expected) for form, expected in OF_NEW_EMAIL),
        *(("ChangeRfc", form, expected) for form, expected in OF_NEW_RFC),
        *(("ConfigureCompany", {**COMPANY, **changes}, expected) for changes, expected in OF_COMPANY),
        *(
            ("UpdateSeries", {**form, "id": second["id"]}, case[1])
            for form, case in zip(of_series, OF_SERIES, strict=True)
        ),
        *(("CreateSeries", {"name": "C", **changes}, expected) for changes, expected in OF_SERIES),
        *(("UpdateSeries", {**form, "id": used["id"]}, expected) for form, expected in OF_SERIES_IN_USE),
    ]

    assert [wrong for form in forms if (wrong := await _differences(me, *form))] == []


@ON_SQLITE
async def test_the_forms_with_a_privacy_notice_name_their_wrong_fields_in_both_languages(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    await api.confirmed(acceptedPrivacyNotice="2")
    me = api.signed_in(await api.token())
    registering = [
        (api, "CreateAccount", {**REGISTRATION, **changes}, wrong) for changes, wrong in OF_NOTICE_AT_REGISTRATION
    ]
    accepting = [(me, "AcceptPrivacyNotice", form, wrong) for form, wrong in OF_NOTICE]

    assert [wrong for form in (*registering, *accepting) if (wrong := await _differences(*form))] == []


@ON_SQLITE
async def test_the_forms_of_back_ends_name_their_wrong_fields_in_both_languages(api: Api) -> None:
    client = api.signed_in(await api.api_client())
    forms = [
        *(("Accounts", arguments, expected) for arguments, expected in OF_ACCOUNTS),
        *(("ReserveInvoice", {**RESERVATION, **changes}, expected) for changes, expected in OF_RESERVATION),
        *(("ConfirmInvoice", form, expected) for form, expected in OF_INVOICE),
        *(("OpenReservations", arguments, expected) for arguments, expected in OF_PAGE),
        *(("Events", arguments, expected) for arguments, expected in OF_EVENTS),
    ]

    assert [wrong for form in forms if (wrong := await _differences(client, *form))] == []


async def _differences(api: Api, operation: str, form: dict[str, Any], expected: list[Expected]) -> list[object]:
    """The answers that are not the expected ones: each field in its own sentence, in either language."""
    differences: list[object] = []
    for language in Language:
        variables = {"input": form} if "$input" in OPERATIONS[operation] else form
        answer = await api.run(operation, variables, {"accept-language": language.value})
        fields = [_in(language, form, *each) for each in expected]
        if (answer["__typename"], answer.get("fields")) != ("InvalidInputError", fields):
            differences.append((operation, form, answer, fields))
        differences += [field for field in fields if "None" in str(field["message"])]
    return differences


def _in(
    language: Language, form: dict[str, Any], field: str, code: str, minimum: str | None, maximum: str | None
) -> dict[str, str | None]:
    text = TEXTS.entries(language)[f"FieldError.{field}.{code}"]
    character = _forbidden(form.get(field)) if code == "FORBIDDEN_CHARACTER" else None
    message = text.format(minimum=minimum, maximum=maximum, character=character)
    bounds = {"minimum": minimum, "maximum": maximum}
    return {"field": field, "code": code, "message": message, "character": character, **bounds}


def _forbidden(typed: object) -> str | None:
    """How a message names the forbidden character of these cases: a bar, a Cyrillic letter, or a null."""
    return next(
        (shown for sign, shown in {"|": "«|»", "А": "«А» (U+0410)", "\0": "U+0000"}.items() if sign in str(typed)), None
    )


@ON_SQLITE
async def test_a_message_names_the_minimum_of_the_setting(make_api: MakeApi) -> None:
    api = await make_api(password_minimum_length=15)

    refused = await api.register(password="catorce letras")

    (field,) = refused["fields"]
    assert (field["code"], field["minimum"], field["maximum"]) == ("TOO_SHORT", "15", "128")
    assert "al menos 15 caracteres" in field["message"]


@ON_SQLITE
async def test_an_empty_answer_spends_no_captcha(make_api: MakeApi) -> None:
    api = await make_api(limit_resend_captcha="1/hour", limit_create_account_captcha="1/hour")

    for operation, form in (("ResendConfirmationCode", {"email": EMAIL}), ("CreateAccount", REGISTRATION)):
        await api.act(operation, **{**form, "email": "eva@example.com"})
        asked = await api.act(operation, **form)
        captcha = {"id": asked["captcha"]["id"], "answer": INVISIBLE}
        assert await _differences(api, operation, {**form, "captcha": captcha}, [ANSWER_MISSING]) == []

        captcha["answer"] = api.solution(captcha["id"]).digits
        assert (await api.act(operation, **form, captcha=captcha))["__typename"] == f"{operation}Success"


@ON_SQLITE
async def test_an_empty_answer_is_ignored_if_no_captcha_is_needed(api: Api) -> None:
    registered = await api.register(captcha={"id": "", "answer": ""})

    assert registered["__typename"] == "CreateAccountSuccess"


@ON_SQLITE
async def test_an_empty_captcha_answer_counts_as_no_failed_login(make_api: MakeApi) -> None:
    api = await make_api(limit_login_failures="1/hour")
    await api.account()
    await api.act("Login", email=EMAIL, password="no es mi clave")
    asked = await api.act("Login", email=EMAIL, password=PASSWORD)
    captcha = {"id": asked["captcha"]["id"], "answer": ""}

    form = {"email": EMAIL, "password": PASSWORD, "captcha": captcha}
    assert await _differences(api, "Login", form, [ANSWER_MISSING]) == []

    captcha["answer"] = api.solution(captcha["id"]).digits
    assert (await api.act("Login", email=EMAIL, password=PASSWORD, captcha=captcha))["__typename"] == "LoginSuccess"


@ON_SQLITE
async def test_a_password_of_spaces_is_not_missing(api: Api) -> None:
    await api.confirmed(password=" " * 8)

    assert await api.token(password=" " * 8)


@ON_SQLITE
async def test_a_wait_is_written_as_people_say_it(make_api: MakeApi) -> None:
    api = await make_api(limit_confirm_account="1/2 days")
    form = {"input": {"code": "A" * 40}}
    await api.run("ConfirmAccount", form)

    messages = [
        (await api.run("ConfirmAccount", form, {"accept-language": language}))["message"] for language in ("es", "en")
    ]

    assert messages == [
        "Demasiados intentos. Espera 2 días y vuelve a intentarlo.",
        "Too many attempts. Wait 2 days and try again.",
    ]
