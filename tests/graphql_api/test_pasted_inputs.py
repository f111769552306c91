"""What a paste or a phone adds to a text makes no difference; what it could be taken for is named."""

import json
from typing import Any

import pytest

from models.account import Account
from tests.api import COMPANY, EMAIL, OPERATIONS, PASSWORD, RFC, Api
from tests.companies import signed_in

SPELLINGS = [
    "ana@example.com. ",
    "\u200bANA@Example.com\ufeff",
    "\u2068ana\u00ad@example.com\u2069\u00a0",
    "ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    "ana @example.com",
    "<ana@example.com>",
    "mailto:ana@example.com",
    "“ana@example.com”",
]


@pytest.mark.parametrize("email", SPELLINGS)
async def test_every_form_understands_the_same_spellings_of_an_e_mail(api: Api, email: str) -> None:
    registered = await api.register(email=email)
    await api.forget_limits()
    resent = await api.act("ResendConfirmationCode", email=email)
    await api.act("ConfirmAccount", code=await api.mailed_code())
    login = await api.act("Login", email=email, password=PASSWORD)
    await api.forget_limits()
    mailed = await api.recover(email)

    assert registered["email"].lower() == EMAIL
    assert resent["__typename"] == "ResendConfirmationCodeSuccess"
    assert login["__typename"] == "LoginSuccess"
    assert mailed


async def test_an_account_is_found_under_another_spelling_than_it_was_registered_with(api: Api) -> None:
    await api.account(email="o\u2019hara\u2013x@example.com")

    login = await api.act("Login", email="O'Hara-X@example.com\u200b", password=PASSWORD)

    assert login["account"]["email"] == "o'hara-x@example.com"


@pytest.mark.parametrize(
    "rfc",
    ["EKU\u200b9003173C9", "ＥＫＵ９００３１７３Ｃ９", "EKU–900317—3C9", "\ufeffEKU9003173C9.", "«eku\u00a09003173c9»"],
)
async def test_a_pasted_rfc_is_kept_in_its_own_form(api: Api, rfc: str) -> None:
    registered = await api.register(rfc=rfc)

    assert registered["rfc"] == RFC


@pytest.mark.parametrize(
    ("operation", "field", "value", "character"),
    [
        ("CreateAccount", "rfc", "ЕKU9003173C9", "«Е» (U+0415)"),
        ("CreateAccount", "email", "аna@example.com", "«а» (U+0430)"),
        ("ResendConfirmationCode", "email", "ana—x@example.com", "«—» (U+2014)"),
        ("ConfigureCompany", "legalName", "A\u200bB", "U+200B"),
        ("ConfigureCompany", "postalCode", "2601О", "«О» (U+041E)"),
        ("CreateSeries", "name", "A|B", "«|»"),
        ("CreateSeries", "firstFolio", "1\0", "U+0000"),
    ],
)
@pytest.mark.parametrize(("language", "word"), [("es", "carácter"), ("en", "character")])
async def test_what_may_be_taken_for_another_character_is_named(
    api: Api, operation: str, field: str, value: str, character: str, language: str, word: str
) -> None:
    me = await signed_in(api)
    inputs: dict[str, dict[str, Any]] = {
        "CreateAccount": {
            "rfc": RFC,
            "email": "eva@example.com",
            "password": PASSWORD,
            "passwordConfirmation": PASSWORD,
        },
        "ResendConfirmationCode": {"email": EMAIL},
        "ConfigureCompany": COMPANY,
        "CreateSeries": {"name": "A"},
    }
    query = (OPERATIONS / f"{operation}.graphql").read_text("utf-8").replace("fields {", "fields { character")
    variables = {"input": {**inputs[operation], field: value}}

    headers = {**me.headers, "content-type": "application/json", "accept-language": language}
    response = await me.http.post(
        "/graphql", content=json.dumps({"query": query, "variables": variables}), headers=headers
    )

    ((answer,),) = [list(response.json()["data"].values())]
    (problem,) = answer["fields"]
    assert (problem["field"], problem["code"], problem["character"]) == (field, "FORBIDDEN_CHARACTER", character)
    assert character in problem["message"]
    assert word in problem["message"]


@pytest.mark.parametrize("form", ["https://app.example.mx/confirmar#{}", "“{}”.", "Tu código: {}."])
async def test_a_code_is_found_in_what_was_pasted_with_it(api: Api, form: str) -> None:
    await api.register()

    confirmed = await api.act("ConfirmAccount", code=form.format("\u00ad".join(await api.mailed_code())))

    assert confirmed["__typename"] == "ConfirmAccountSuccess"


@pytest.mark.parametrize(
    "decorate",
    [
        lambda password: password.replace("-", "\u2013") + ".",
        lambda password: "\u200b".join(password),
        lambda password: "".join(chr(ord(sign) + 0xFEE0) for sign in password),
        lambda password: "«" + password.replace("-", "-\n") + "»",
    ],
)
async def test_a_mailed_password_opens_and_is_changed_however_it_is_pasted(api: Api, decorate: Any) -> None:
    await api.account()
    pasted = decorate(await api.recover())
    me = api.signed_in(await api.token(password=pasted))

    async def change(new: str) -> Any:
        return await me.act("ChangePassword", currentPassword=pasted, newPassword=new, newPasswordConfirmation=new)

    refused = await change(pasted.replace("\n", "").replace("«", ""))
    changed = await change("otra frase larga")

    assert [(each["field"], each["code"]) for each in refused["fields"]] == [("newPassword", "NOT_NEW")]
    assert changed["__typename"] == "ChangePasswordSuccess"


async def test_a_chosen_password_is_never_altered(api: Api) -> None:
    await api.account(password="frase–larga\u200b “única”")

    plain = await api.act("Login", email=EMAIL, password='frase-larga "única"')
    same = await api.act("Login", email=EMAIL, password="frase–larga\u200b “única”")

    assert plain["__typename"] == "InvalidCredentialsError"
    assert same["__typename"] == "LoginSuccess"


_NAMES = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda solution: f"{solution.words[0].title()}, {solution.words[1]}.",
        lambda solution: "-".join(solution.words),
        lambda solution: "".join(solution.words),
        lambda solution: "\r\n".join(f"«{word}»" for word in solution.words),
        lambda solution: ", ".join(_NAMES[int(digit)] for digit in solution.digits),
        lambda solution: " ".join(_ENGLISH[int(digit)] for digit in solution.digits),
        lambda solution: " ".join([*solution.digits[:4], *(_NAMES[int(digit)] for digit in solution.digits[4:])]),
    ],
)
async def test_a_captcha_is_solved_as_people_type_and_say_it(api: Api, answer: Any) -> None:
    captcha_id, solution = await api.captcha()

    recovered = await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": answer(solution)})

    assert recovered["__typename"] == "RecoverPasswordSuccess"


async def test_a_captchas_words_have_the_order_of_the_picture(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    answer = " ".join(reversed(solution.words))

    recovered = await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": answer})

    assert recovered["__typename"] == "CaptchaMismatchError"


@pytest.mark.parametrize("rfc", ["EXT990101NI1", "EXTF900101NI1", "ext-990101-ni9"])
async def test_the_generic_rfcs_of_foreign_partners_belong_to_nobody(api: Api, rfc: str) -> None:
    refused = await api.register(rfc=rfc)

    assert [(each["field"], each["code"]) for each in refused["fields"]] == [("rfc", "GENERIC_RFC")]


async def test_an_rfc_that_begins_with_an_inconvenient_word_is_taken(api: Api) -> None:
    await api.account(rfc="MULA800101AA1")

    assert (await Account.get()).rfc == "MULA800101AA1"
