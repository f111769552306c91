"""Passwords, codes and captchas cannot be guessed faster than docs/settings.md says, and the owner still gets in."""

from collections import Counter
from ipaddress import ip_address
from typing import Any

import pytest

from models.failure_streak import FailureStreak
from services.common.caller import Caller
from services.common.outcomes import DrawnCaptcha
from tests.api import EMAIL, PASSWORD, RFC, Api
from tests.conftest import MakeApi

WRONG = "no es mi clave"
HOME = "203.0.113.9"
LOGIN = 'login(input: {email: "ana@example.com", password: "no es mi clave"}) { __typename }'
FRAGMENT = f"fragment F on Mutation {{ {LOGIN} }}"


async def _login(
    api: Api, address: str, email: str = EMAIL, password: str = WRONG, captcha: dict[str, str] | None = None
) -> Any:
    form = {"email": email, "password": password, "captcha": captcha}
    return await api.run("Login", {"input": form}, {"x-forwarded-for": address})


async def _solved(api: Api, address: str) -> dict[str, str]:
    """A captcha of that client, not drawn."""
    captcha = await api.composition.services.captchas.create(Caller(ip_address(address)))
    assert isinstance(captcha, DrawnCaptcha)
    return {"id": captcha.id, "answer": api.solution(captcha.id).digits}


async def _failures() -> int:
    return sum([streak.count for streak in await FailureStreak.all()])


class TestInOneRequest:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"query": "mutation {" + " ".join(f"a{n}: {LOGIN}" for n in range(200)) + "}"}, 400),
            ({"query": "mutation {" + " ".join(f"a{n}: {LOGIN}" for n in range(1_000)) + "}"}, 413),
            ({"query": "mutation { ...F ...G }" + FRAGMENT + f"fragment G on Mutation {{ a: {LOGIN} }}"}, 400),
            ({"query": " ".join(f"mutation A{n} {{ ...F }}" for n in range(80)) + FRAGMENT}, 400),
            ({"query": " ".join(f"mutation A{n} {{ ...F }}" for n in range(2_000)) + FRAGMENT}, 413),
            ({"query": " ".join(["mutation A { ...F }"] * 80) + FRAGMENT, "operationName": "A"}, 400),
            ([{"query": f"mutation {{ {LOGIN} }}"}] * 100, 400),
            ([{"query": f"mutation {{ {LOGIN} }}"}], 400),
        ],
        ids=[
            "200 aliases",
            "1,000 aliases",
            "two fragments",
            "80 operations",
            "2,000 operations",
            "80 operations of one name",
            "an array of 100",
            "an array of one",
        ],
    )
    async def test_many_guesses_are_none(self, api: Api, body: Any, status: int) -> None:
        response = await api.http.post("/graphql", json=body, headers={"accept": "application/graphql-response+json"})

        assert response.status_code == status
        assert await _failures() == 0

    async def test_of_many_operations_the_named_one_is_one_guess(self, api: Api) -> None:
        query = " ".join(f"mutation A{n} {{ ...F }}" for n in range(80)) + FRAGMENT

        response = await api.http.post("/graphql", json={"query": query, "operationName": "A7"})

        assert response.json() == {"data": {"login": {"__typename": "InvalidCredentialsError"}}}
        assert await _failures() == 1


class TestOneAccount:
    """A hundred clients, each of a network of its own, try the account of an owner who signed in from home."""

    async def test_without_captchas_a_hundred_clients_have_five_guesses(self, make_api: MakeApi) -> None:
        api = await _owned(make_api)

        answers = [await _login(api, f"198.51.{n}.1") for n in range(100)]

        assert _names(answers) == {"InvalidCredentialsError": 5, "CaptchaRequiredError": 95}

    async def test_with_captchas_they_have_fifty_guesses_and_then_none_even_with_the_right_password(
        self, make_api: MakeApi
    ) -> None:
        api = await _owned(make_api)
        answers = [await _login(api, a, captcha=await _solved(api, a)) for a in (f"198.51.{n}.1" for n in range(100))]

        late = "192.0.2.1"
        right = await _login(api, late, password=PASSWORD, captcha=await _solved(api, late))

        assert _names(answers) == {"InvalidCredentialsError": 50, "RecoveryRequiredError": 50}
        assert right["__typename"] == "RecoveryRequiredError"

    async def test_the_owner_still_signs_in_from_home_with_a_captcha_and_from_elsewhere_by_recovery(
        self, make_api: MakeApi
    ) -> None:
        api = await _owned(make_api)
        for address in (f"198.51.{n}.1" for n in range(60)):
            await _login(api, address, captcha=await _solved(api, address))
        elsewhere = "192.0.2.1"

        at_home = await _login(api, HOME, password=PASSWORD)
        at_home_solved = await _login(api, HOME, password=PASSWORD, captcha=await _solved(api, HOME))
        away = await _login(api, elsewhere, password=PASSWORD, captcha=await _solved(api, elsewhere))
        assert [mail["subject"] for mail in await api.mails()] == ["Muchos intentos fallidos en tu cuenta de Timbrado"]
        mailed = await api.recover()
        recovered = await _login(api, elsewhere, password=mailed, captcha=await _solved(api, elsewhere))

        assert at_home["__typename"] == "CaptchaRequiredError"
        assert at_home_solved["__typename"] == "LoginSuccess"
        assert away["__typename"] == "RecoveryRequiredError"
        assert recovered["__typename"] == "LoginSuccess"

    async def test_a_session_does_not_notice(self, make_api: MakeApi) -> None:
        api = await _owned(make_api)
        token = (await _login(api, HOME, password=PASSWORD))["token"]
        for address in (f"198.51.{n}.1" for n in range(60)):
            await _login(api, address, captcha=await _solved(api, address))

        assert (await api.signed_in(token).run("Me"))["email"] == EMAIL


class TestManyAccounts:
    """One client tries one password at five hundred accounts."""

    async def test_without_captchas_it_has_twenty_guesses(self, make_api: MakeApi) -> None:
        api = await _owned(make_api)

        answers = [await _login(api, "198.51.100.1", f"u{n}@example.com") for n in range(500)]
        owner = await _login(api, "192.0.2.1", password=PASSWORD)

        assert _names(answers) == {
            "InvalidCredentialsError": 20,
            "CaptchaRequiredError": 120,
            "TooManyAttemptsError": 360,
        }
        assert owner["__typename"] == "LoginSuccess"

    async def test_with_captchas_it_has_three_hundred_guesses_an_hour(self, make_api: MakeApi) -> None:
        api = await _owned(make_api, limit_create_captcha="1000/hour")
        address = "198.51.100.1"

        answers = [
            await _login(api, address, f"u{n}@example.com", captcha=await _solved(api, address)) for n in range(500)
        ]

        assert _names(answers) == {"InvalidCredentialsError": 300, "TooManyAttemptsError": 200}


class TestCaptchas:
    async def test_a_client_has_as_many_answers_as_captchas(self, make_api: MakeApi) -> None:
        """A wrong answer brings a fresh captcha, and that counts like any other: there is no loop around the limit."""
        api = await make_api(limit_recover_password="10000/hour")
        captcha = {"id": (await api.captcha())[0], "answer": "12345678"}
        names = []

        for _ in range(200):
            answer = await api.act("RecoverPassword", email=EMAIL, captcha=captcha)
            names.append(answer["__typename"])
            captcha["id"] = answer.get("captcha", captcha)["id"]

        assert Counter(names) == {"CaptchaMismatchError": 119, "TooManyAttemptsError": 81}


class TestMails:
    async def test_no_e_mail_gets_more_than_twelve_first_codes_and_fifteen_other_mails_a_day_whoever_asks(
        self, make_api: MakeApi
    ) -> None:
        minutes_pass = {"limit_recover_password_email": "1000/day", "limit_resend_email": "1000/day"}
        api = await make_api(trusted_proxies=1, **minutes_pass)
        mails = []

        for n in range(60):
            headers = {"x-forwarded-for": f"198.51.{n}.1"}
            password = f"{PASSWORD} {n}"
            form = {"rfc": RFC, "email": EMAIL, "password": password, "passwordConfirmation": password}
            await api.run("CreateAccount", {"input": form}, headers)
            mails += await api.mails()
            await api.run("ResendConfirmationCode", {"input": {"email": EMAIL}}, headers)
            captcha = await _solved(api, f"198.51.{n}.1")
            await api.run("RecoverPassword", {"input": {"email": EMAIL, "captcha": captcha}}, headers)
            mails += await api.mails()

        assert len(mails) == 12 + 15

    async def test_at_once_and_by_default_an_e_mail_gets_one_mail_of_a_kind(self, make_api: MakeApi) -> None:
        api = await make_api(trusted_proxies=1)
        await api.account()
        await api.forget_limits()
        captchas = [await _solved(api, f"198.51.{n}.1") for n in range(30)]

        for n, captcha in enumerate(captchas):
            headers = {"x-forwarded-for": f"198.51.{n}.1"}
            await api.run("RecoverPassword", {"input": {"email": EMAIL, "captcha": captcha}}, headers)

        assert len(await api.mails()) == 1


async def _owned(make_api: MakeApi, **changes: Any) -> Api:
    """The account of an owner who signed in from home, long enough ago for limits."""
    api = await make_api(trusted_proxies=1, **changes)
    await api.account()
    assert (await _login(api, HOME, password=PASSWORD))["__typename"] == "LoginSuccess"
    await api.forget_limits()
    return api


def _names(answers: list[Any]) -> dict[str, int]:
    return dict(Counter(answer["__typename"] for answer in answers))
