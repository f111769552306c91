"""No answer reveals whether an email has an account, waits for its code or is unknown, however often one asks.

Limits and captchas do reveal that somebody asked about an email lately, which anybody may do for any email.
`benchmarks/timing.py` measures that the time of an answer reveals nothing either. Here, its statements and its password
hashes stand for that time.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from models.failure_streak import FailureStreak
from services.accounts.lockout import MAX_FAILURES
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import NEW_PASSWORD, RFC
from tests.hash_work import recorded_hashes
from tests.second_factors import protect
from tests.statements import statements_run

KNOWN, PROTECTED, UNCONFIRMED, UNKNOWN = "ana@example.com", "ada@example.com", "eva@example.com", "ivo@example.com"
RANDOM = re.compile(r'"(?P<name>id|dataUri|expiresAt|challenge)":"(?:[^"\\]|\\.)+"')
WAIT = re.compile(r'("retryAfterSeconds":|Espera )(\d+)')

SEQUENCES: dict[str, tuple[list[str], list[str]]] = {
    "recovering": (["RecoverPassword"] * 5, ["RecoverPasswordSuccess"] * 3 + ["TooManyAttemptsError"] * 2),
    "resending": (
        ["ResendConfirmationCode"] * 10,
        ["ResendConfirmationCodeSuccess"] * 6 + ["CaptchaRequiredError", "TooManyAttemptsError"] * 2,
    ),
    "registering, and signing in with what was registered": (
        ["CreateAccount", "Login", "CreateAccount", "Login"],
        ["CreateAccountSuccess", "InvalidCredentialsError", "CreateAccountSuccess", "InvalidCredentialsError"],
    ),
    "registering again": (["CreateAccount"] * 4, ["CreateAccountSuccess"] * 4),
    "registering with other passwords until it has to wait": (
        ["CreateAccount", *["CreateAccount, other password"] * 6],
        ["CreateAccountSuccess"] * 6 + ["TooManyAttemptsError"],
    ),
    "guessing": (
        ["Login"] * 9,
        ["InvalidCredentialsError"] * 5 + ["CaptchaRequiredError", "InvalidCredentialsError"] * 2,
    ),
    "recovering, then guessing": (
        ["RecoverPassword", "Login", "RecoverPassword", "Login"],
        ["RecoverPasswordSuccess", "InvalidCredentialsError"] * 2,
    ),
    "resending, then registering": (
        ["ResendConfirmationCode", "CreateAccount"],
        ["ResendConfirmationCodeSuccess", "CreateAccountSuccess"],
    ),
}


@dataclass
class Stranger:
    """Asks about one email, from a separate address, and solves every captcha."""

    api: Api
    email: str
    address: str
    captcha_id: str | None = None
    asked: int = 0

    async def ask(self, operation: str) -> httpx2.Response:
        form: dict[str, Any] = {"email": self.email}
        self.asked += 1
        password = f"{NEW_PASSWORD} {self.asked}" if "other password" in operation else NEW_PASSWORD
        operation = operation.partition(",")[0]
        match operation:
            case "CreateAccount":
                form |= {"rfc": RFC, "password": password, "passwordConfirmation": password}
            case "Login":
                form |= {"password": NEW_PASSWORD}
            case "RecoverPassword":
                self.captcha_id, _ = await self.api.captcha()
        if self.captcha_id:
            form["captcha"] = {"id": self.captcha_id, "answer": self.api.solution(self.captcha_id).digits}
        response = await self.api.send(operation, {"input": form}, {"x-forwarded-for": self.address})
        (answer,) = response.json()["data"].values()
        self.captcha_id = answer.get("captcha", {}).get("id")
        return response

    def comparable(self, response: httpx2.Response) -> tuple[int, list[tuple[str, str]], str]:
        """Status, headers and body without random values (as a request's id is), waits and the email."""
        own = {"content-length", "x-request-id"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in own]
        body = RANDOM.sub(r'"\g<name>":"…"', response.text).replace(self.email, "…")
        return response.status_code, headers, WAIT.sub(r"\1…", body)


async def _strangers(make_api: MakeApi) -> tuple[Api, list[Stranger]]:
    """One for each kind of email, a day after the owners did something. PROTECTED has a second factor."""
    api = await make_api(
        conceal_accounts=True,
        trusted_proxies=1,
        limit_recover_password_email="3/day",
        limit_resend_email="6/day",
        limit_create_account_email_client="6/day",
        limit_resend_captcha="6/hour",
        limit_create_captcha="1000/hour",
    )
    await api.confirmed(email=KNOWN)
    await protect(api, PROTECTED)
    await api.register(email=UNCONFIRMED)
    await api.mails()
    await api.forget_limits()
    return api, [
        Stranger(api, email, f"198.51.100.{n}")
        for n, email in enumerate((KNOWN, PROTECTED, UNCONFIRMED, UNKNOWN), start=1)
    ]


def _typename(response: httpx2.Response) -> str:
    (answer,) = response.json()["data"].values()
    return str(answer["__typename"])


def _differ(of_each_kind: list[Any]) -> bool:
    return any(other != of_each_kind[0] for other in of_each_kind[1:])


def _waits(response: httpx2.Response) -> list[int]:
    return [int(seconds) for _, seconds in WAIT.findall(response.text)]


@pytest.mark.parametrize("sequence", SEQUENCES)
async def test_answers_are_the_same_bytes_by_the_same_work_for_every_kind_of_email(
    make_api: MakeApi, monkeypatch: pytest.MonkeyPatch, sequence: str
) -> None:
    api, strangers = await _strangers(make_api)
    computed = recorded_hashes(monkeypatch)
    operations, expected = SEQUENCES[sequence]
    answered: list[str] = []
    differences: list[object] = []
    seen = 0

    for step, operation in enumerate(operations):
        responses, run, hashes = [], [], []
        for stranger in strangers:
            computed.clear()
            with statements_run() as statements:
                responses.append(await stranger.ask(operation))
            run.append([statement.text for statement in statements])
            hashes.append([cost for _, cost in computed])  # hashing costs what verifying does
        await api.mails()

        comparables = [stranger.comparable(r) for stranger, r in zip(strangers, responses, strict=True)]
        waits = [_waits(response) for response in responses]
        late = [max(same) - min(same) > 2 for same in zip(*waits, strict=True)]  # seconds that passed in between
        if any(_differ(each) for each in (comparables, run, hashes)) or any(late):
            differences.append((step, operation, comparables, run, hashes, waits))
        answered.append(_typename(responses[0]))
        seen += len(run[0])

    assert differences == []
    assert answered == expected
    assert seen > 1


async def test_one_failure_too_many_locks_every_kind_of_email_alike(make_api: MakeApi) -> None:
    api, strangers = await _strangers(make_api)
    first = [await stranger.ask("Login") for stranger in strangers]
    await FailureStreak.all().update(count=MAX_FAILURES - 1)

    last = [await stranger.ask("Login") for stranger in strangers]
    closed = [await stranger.ask("Login") for stranger in strangers]

    assert await FailureStreak.all().count() == len(strangers)
    for responses, expected in (
        (first, "InvalidCredentialsError"),
        (last, "InvalidCredentialsError"),
        (closed, "InvalidCredentialsError"),
    ):
        comparables = [stranger.comparable(r) for stranger, r in zip(strangers, responses, strict=True)]
        assert not _differ(comparables)
        assert _typename(responses[0]) == expected
    assert {str(mail["to"]) for mail in await api.mails()} == {KNOWN, PROTECTED}


async def test_a_stranger_does_not_notice_that_the_owner_unlocked_the_login(make_api: MakeApi) -> None:
    api, strangers = await _strangers(make_api)
    for stranger in strangers:
        await stranger.ask("Login")
    await FailureStreak.all().update(count=MAX_FAILURES)
    before = [_typename(await stranger.ask("Login")) for stranger in strangers]

    await api.composition.services.passwords.lockout.reset(KNOWN)

    assert [_typename(await stranger.ask("Login")) for stranger in strangers] == before
