"""Passwords and captchas cannot be guessed faster than the limits say, and the owner can still log in."""

from collections import Counter
from ipaddress import ip_address
from typing import Any

from models.failure_streak import FailureStreak
from services.accounts.lockout import MAX_FAILURES
from services.common.caller import Caller
from services.common.outcomes import DrawnCaptcha
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, RFC, WRONG_PASSWORD
from tests.stores import ON_EVERY_LIMIT_STORAGE, ON_SQLITE

HOME = "203.0.113.9"
LOGIN = 'login(input: {email: "ana@example.com", password: "no es mi clave"}) { __typename }'
FRAGMENT = f"fragment F on Mutation {{ {LOGIN} }}"


async def login(
    api: Api, address: str, email: str = EMAIL, password: str = WRONG_PASSWORD, captcha: dict[str, str] | None = None
) -> Any:
    form = {"email": email, "password": password, "captcha": captcha}
    return await api.run("Login", {"input": form}, {"x-forwarded-for": address})


async def solved(api: Api, address: str) -> dict[str, str]:
    """The answer to a captcha of that client, which is never drawn."""
    captcha = await api.composition.services.captchas.create(Caller(ip_address(address)))
    assert isinstance(captcha, DrawnCaptcha)
    return {"id": captcha.id, "answer": api.solution(captcha.id).digits}


async def _failures() -> int:
    return sum([streak.count for streak in await FailureStreak.all()])


REFUSED: dict[str, tuple[Any, int]] = {
    "200 aliases": ({"query": "mutation {" + " ".join(f"a{n}: {LOGIN}" for n in range(200)) + "}"}, 400),
    "1,000 aliases": ({"query": "mutation {" + " ".join(f"a{n}: {LOGIN}" for n in range(1_000)) + "}"}, 413),
    "two fragments": (
        {"query": "mutation { ...F ...G }" + FRAGMENT + f"fragment G on Mutation {{ a: {LOGIN} }}"},
        400,
    ),
    "80 operations": ({"query": " ".join(f"mutation A{n} {{ ...F }}" for n in range(80)) + FRAGMENT}, 400),
    "2,000 operations": ({"query": " ".join(f"mutation A{n} {{ ...F }}" for n in range(2_000)) + FRAGMENT}, 413),
    "80 operations of one name": (
        {"query": " ".join(["mutation A { ...F }"] * 80) + FRAGMENT, "operationName": "A"},
        400,
    ),
    "an array of 100": ([{"query": f"mutation {{ {LOGIN} }}"}] * 100, 400),
    "an array of one": ([{"query": f"mutation {{ {LOGIN} }}"}], 400),
}


@ON_SQLITE
class TestOneRequest:
    async def test_a_request_with_many_guesses_is_refused_and_makes_none(self, api: Api) -> None:
        headers = {"accept": "application/graphql-response+json"}

        answered = {}
        for name, (body, _) in REFUSED.items():
            response = await api.http.post("/graphql", json=body, headers=headers)
            answered[name] = (response.status_code, await _failures())

        assert answered == {name: (status, 0) for name, (_, status) in REFUSED.items()}

    async def test_only_the_named_one_of_many_operations_is_run(self, api: Api) -> None:
        query = " ".join(f"mutation A{n} {{ ...F }}" for n in range(80)) + FRAGMENT

        response = await api.http.post("/graphql", json={"query": query, "operationName": "A7"})

        assert response.json() == {"data": {"login": {"__typename": "InvalidCredentialsError"}}}
        assert await _failures() == 1


@ON_EVERY_LIMIT_STORAGE
class TestOneAccount:
    """Many clients, each of another network, try the account of an owner who logged in from home."""

    async def test_without_captchas_they_have_five_guesses_together(self, make_api: MakeApi) -> None:
        api = await owned(make_api)

        answers = [await login(api, f"198.51.{n}.1") for n in range(8)]

        assert names(answers) == {"InvalidCredentialsError": 5, "CaptchaRequiredError": 3}

    async def test_with_captchas_they_have_fifty_guesses_and_the_owner_still_signs_in(self, make_api: MakeApi) -> None:
        api = await owned(make_api)
        session = api.signed_in((await login(api, HOME, password=PASSWORD))["token"])
        elsewhere = "192.0.2.1"

        answers = [await login(api, a, captcha=await solved(api, a)) for a in (f"198.51.{n}.1" for n in range(53))]
        at_home = await login(api, HOME, password=PASSWORD)
        at_home_solved = await login(api, HOME, password=PASSWORD, captcha=await solved(api, HOME))
        away = await login(api, elsewhere, password=PASSWORD, captcha=await solved(api, elsewhere))
        mails = await api.mails()
        mailed = await api.recover()
        recovered = await login(api, elsewhere, password=mailed, captcha=await solved(api, elsewhere))

        assert names(answers) == {"InvalidCredentialsError": 50, "RecoveryRequiredError": 3}
        assert at_home["__typename"] == "CaptchaRequiredError"
        assert at_home_solved["__typename"] == "LoginSuccess"
        assert away["__typename"] == "RecoveryRequiredError"
        assert [mail["subject"] for mail in mails] == ["Muchos intentos fallidos en tu cuenta de Timbrado"]
        assert recovered["__typename"] == "LoginSuccess"
        assert await session.run("Me") is None  # the recovery ended it

    async def test_they_do_not_end_the_owners_session(self, make_api: MakeApi) -> None:
        api = await owned(make_api)
        session = api.signed_in((await login(api, HOME, password=PASSWORD))["token"])
        await login(api, "198.51.100.1")
        await FailureStreak.all().update(count=MAX_FAILURES)

        closed = await login(api, "198.51.100.2", captcha=await solved(api, "198.51.100.2"))

        assert closed["__typename"] == "RecoveryRequiredError"
        assert (await session.run("Me"))["email"] == EMAIL


@ON_EVERY_LIMIT_STORAGE
class TestManyAccounts:
    """One client tries one password at many accounts; audits/test_guessing.py does so with the default limits."""

    async def test_without_captchas_it_has_twenty_guesses(self, make_api: MakeApi) -> None:
        api = await owned(make_api, limit_create_captcha="3/10 minutes")

        answers = [await login(api, "198.51.100.1", f"u{n}@example.com") for n in range(25)]
        owner = await login(api, "192.0.2.1", password=PASSWORD)

        assert names(answers) == {
            "InvalidCredentialsError": 20,
            "CaptchaRequiredError": 3,
            "TooManyAttemptsError": 2,
        }
        assert owner["__typename"] == "LoginSuccess"

    async def test_with_captchas_it_has_as_many_guesses_as_its_limit(self, make_api: MakeApi) -> None:
        api = await owned(make_api, limit_login="30/hour")
        address = "198.51.100.1"

        answers = [
            await login(api, address, f"u{n}@example.com", captcha=await solved(api, address)) for n in range(33)
        ]

        assert names(answers) == {"InvalidCredentialsError": 30, "TooManyAttemptsError": 3}


@ON_EVERY_LIMIT_STORAGE
async def test_a_client_can_answer_as_often_as_it_may_get_captchas(make_api: MakeApi) -> None:
    api = await make_api(limit_create_captcha="4/10 minutes")

    assert await wrong_captcha_answers(api, 6) == {"CaptchaMismatchError": 3, "TooManyAttemptsError": 3}


async def wrong_captcha_answers(api: Api, count: int) -> dict[str, int]:
    """A wrong answer brings a fresh captcha, which counts like any other: there is no loop around the limit."""
    captcha = {"id": (await api.captcha())[0], "answer": "12345678"}
    answers = []
    for _ in range(count):
        answer = await api.act("RecoverPassword", email=EMAIL, captcha=captcha)
        answers.append(answer)
        captcha["id"] = answer.get("captcha", captcha)["id"]
    return names(answers)


@ON_EVERY_LIMIT_STORAGE
class TestMails:
    async def test_an_email_gets_at_most_twelve_first_codes_and_fifteen_other_mails_a_day(
        self, make_api: MakeApi
    ) -> None:
        minutes_pass = {"limit_recover_password_email": "1000/day", "limit_resend_email": "1000/day"}
        api = await make_api(trusted_proxies=1, **minutes_pass)
        mails = []

        for n in range(15):
            headers = {"x-forwarded-for": f"198.51.{n}.1"}
            password = f"{PASSWORD} {n}"
            form = {"rfc": RFC, "email": EMAIL, "password": password, "passwordConfirmation": password}
            await api.run("CreateAccount", {"input": form}, headers)
            mails += await api.mails()
            await api.run("ResendConfirmationCode", {"input": {"email": EMAIL}}, headers)
            captcha = await solved(api, f"198.51.{n}.1")
            await api.run("RecoverPassword", {"input": {"email": EMAIL, "captcha": captcha}}, headers)
            mails += await api.mails()

        assert len(mails) == 12 + 15

    async def test_an_email_gets_one_mail_of_a_kind_at_once(self, make_api: MakeApi) -> None:
        api = await make_api(trusted_proxies=1)
        await api.confirmed()
        await api.forget_limits()

        for address in (f"198.51.{n}.1" for n in range(5)):
            form = {"email": EMAIL, "captcha": await solved(api, address)}
            await api.run("RecoverPassword", {"input": form}, {"x-forwarded-for": address})

        assert len(await api.mails()) == 1


async def owned(make_api: MakeApi, **changes: Any) -> Api:
    """An account whose owner logged in from home, longer ago than any limit's window."""
    api = await make_api(trusted_proxies=1, **changes)
    await api.confirmed()
    assert (await login(api, HOME, password=PASSWORD))["__typename"] == "LoginSuccess"
    await api.forget_limits()
    return api


def names(answers: list[Any]) -> dict[str, int]:
    return dict(Counter(answer["__typename"] for answer in answers))
