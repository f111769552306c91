"""What a paste or a phone adds to a text makes no difference; characters that mislead are named.

tests/services/ tries every spelling; here each form shows that it accepts them.
"""

import json
from collections.abc import Callable
from typing import Any

from app.operations import OPERATIONS
from services.captcha.ids import Solution
from tests.api import Api
from tests.companies import problems, signed_in
from tests.forms import COMPANY, EMAIL, PASSWORD, RFC
from tests.stores import ON_SQLITE

pytestmark = ON_SQLITE


async def test_every_form_understands_any_spelling_of_an_email(api: Api) -> None:
    registered = await api.register(email="\u2068Ana\u00ad@example.com\u2069\u00a0")
    await api.forget_limits()
    resent = await api.act("ResendConfirmationCode", email="“ANA@example.com”. ")
    await api.act("ConfirmAccount", code=await api.mailed_code())
    login = await api.act("Login", email="mailto:ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", password=PASSWORD)
    await api.forget_limits()
    mailed = await api.recover("<ana @example.com>")

    assert registered["email"].lower() == EMAIL
    assert resent["__typename"] == "ResendConfirmationCodeSuccess"
    assert login["__typename"] == "LoginSuccess"
    assert mailed


async def test_an_account_is_found_under_another_spelling_than_it_was_registered_with(api: Api) -> None:
    await api.confirmed(email="o\u2019hara\u2013x@example.com")

    login = await api.act("Login", email="O'Hara-X@example.com\u200b", password=PASSWORD)

    assert login["account"]["email"] == "o'hara-x@example.com"


async def test_a_pasted_rfc_is_kept_in_its_own_form(api: Api) -> None:
    registered = await api.register(rfc="«\u200bｅｋｕ–900317—3c9\u00a0».")

    assert registered["rfc"] == RFC


FORBIDDEN = {
    ("CreateAccount", "rfc", "ЕKU9003173C9"): "«Е» (U+0415)",
    ("CreateAccount", "email", "аna@example.com"): "«а» (U+0430)",
    ("ResendConfirmationCode", "email", "ana—x@example.com"): "«—» (U+2014)",
    ("ConfigureCompany", "legalName", "A\u200bB"): "U+200B",
    ("ConfigureCompany", "postalCode", "2601О"): "«О» (U+041E)",
    ("CreateSeries", "name", "A|B"): "«|»",
    ("CreateSeries", "firstFolio", "1\0"): "U+0000",
}
INPUTS: dict[str, dict[str, Any]] = {
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


async def test_a_character_that_may_be_taken_for_another_is_named(api: Api) -> None:
    me = await signed_in(api)
    words = {"es": "carácter", "en": "character"}

    answers = {key: [await _problem(me, *key, language) for language in words] for key in FORBIDDEN}

    named = {key: [(each["field"], each["code"], each["character"]) for each in both] for key, both in answers.items()}
    assert named == {key: [(key[1], "FORBIDDEN_CHARACTER", character)] * 2 for key, character in FORBIDDEN.items()}
    silent = [
        (key, problem)
        for key, both in answers.items()
        for problem, word in zip(both, words.values(), strict=True)
        if FORBIDDEN[key] not in problem["message"] or word not in problem["message"]
    ]
    assert silent == []


async def _problem(me: Api, operation: str, field: str, value: str, language: str) -> dict[str, str]:
    """The only wrong field, with its character."""
    query = OPERATIONS[operation]
    variables = {"input": {**INPUTS[operation], field: value}}
    headers = {**me.headers, "content-type": "application/json", "accept-language": language}
    response = await me.http.post(
        "/graphql", content=json.dumps({"query": query, "variables": variables}), headers=headers
    )
    (answer,) = response.json()["data"].values()
    (problem,) = answer["fields"]
    return dict(problem)


async def test_a_code_is_found_in_the_link_or_sentence_that_was_pasted_with_it(api: Api) -> None:
    await api.register()
    code = "\u00ad".join(await api.mailed_code())

    confirmed = await api.act("ConfirmAccount", code=f"Tu código: “https://app.example.mx/confirmar#{code}”.")

    assert confirmed["__typename"] == "ConfirmAccountSuccess"


async def test_a_mailed_password_opens_and_is_changed_however_it_is_pasted(api: Api) -> None:
    await api.confirmed()
    mailed = await api.recover()
    pasted = "«\u200b" + mailed.replace("-", "\u2013\n") + "».\r\n"
    me = api.signed_in(await api.token(password=pasted))

    async def change(new: str) -> Any:
        return await me.act("ChangePassword", currentPassword=pasted, newPassword=new, newPasswordConfirmation=new)

    refused = await change(mailed.lower().replace("-", "\u2013") + ".")
    changed = await change("otra frase larga")

    assert problems(refused) == [("newPassword", "NOT_NEW")]
    assert changed["__typename"] == "ChangePasswordSuccess"


async def test_a_chosen_password_is_never_altered(api: Api) -> None:
    await api.confirmed(password="frase–larga\u200b “única”")

    plain = await api.act("Login", email=EMAIL, password='frase-larga "única"')
    same = await api.act("Login", email=EMAIL, password="frase–larga\u200b “única”")

    assert plain["__typename"] == "InvalidCredentialsError"
    assert same["__typename"] == "LoginSuccess"


SPANISH = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ANSWERS: dict[str, Callable[[Solution], str]] = {
    "words with a comma and a full stop": lambda solution: f"{solution.words[0].title()}, {solution.words[1]}.",
    "words run together": lambda solution: "".join(solution.words),
    "words in quotes, one a line": lambda solution: "\r\n".join(f"«{word}»" for word in solution.words),
    "digits in Spanish": lambda solution: ", ".join(SPANISH[int(digit)] for digit in solution.digits),
    "digits in English": lambda solution: " ".join(ENGLISH[int(digit)] for digit in solution.digits),
    "digits, half of them in words": lambda solution: " ".join(
        [*solution.digits[:4], *(SPANISH[int(digit)] for digit in solution.digits[4:])]
    ),
}


async def test_a_captcha_is_solved_as_people_type_and_say_it(api: Api) -> None:
    answered = {}

    for number, (name, write) in enumerate(ANSWERS.items()):
        captcha_id, solution = await api.captcha()
        captcha = {"id": captcha_id, "answer": write(solution)}
        answered[name] = await api.act("RecoverPassword", email=f"u{number}@example.com", captcha=captcha)

    assert {name: answer["__typename"] for name, answer in answered.items()} == dict.fromkeys(
        ANSWERS, "RecoverPasswordSuccess"
    )


async def test_a_captchas_words_must_keep_their_order(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    answer = " ".join(reversed(solution.words))

    recovered = await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": answer})

    assert recovered["__typename"] == "CaptchaMismatchError"
