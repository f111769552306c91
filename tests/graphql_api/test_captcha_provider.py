"""Captchas of another provider, and our own while it is away."""

import asyncio
from typing import Any

import pytest

from app.composition import make_keys
from models.spent_captcha import SpentCaptcha
from services.captcha.ids import CaptchaIds
from services.captcha.service import LIFE
from services.common.clock import utc_now
from tests.api import Api
from tests.captcha_providers import ProviderServer
from tests.conftest import MakeApi
from tests.forms import EMAIL, REGISTRATION, WRONG_PASSWORD
from tests.paypal.http import Trouble

OTHER_EMAIL = "eva@example.com"


@pytest.fixture
def using(captcha_provider: ProviderServer) -> dict[str, Any]:
    return {
        "captcha_provider": "turnstile",
        "captcha_site_key": captcha_provider.site_key,
        "captcha_secret": captcha_provider.secret,
        "captcha_verification_url": captcha_provider.url,
    }


@pytest.fixture
async def site(make_api: MakeApi, using: dict[str, Any]) -> Api:
    """The API of an operator who uses the provider."""
    return await make_api(**using)


async def _shown(api: Api) -> dict[str, Any]:
    captcha: dict[str, Any] = (await api.run("CreateCaptcha"))["captcha"]
    return captcha


async def _recover(api: Api, captcha_id: str, token: str, email: str = EMAIL) -> Any:
    return await api.act("RecoverPassword", email=email, captcha={"id": captcha_id, "answer": token})


async def test_the_captcha_names_the_provider_and_has_nothing_of_ours(
    site: Api, captcha_provider: ProviderServer
) -> None:
    captcha = await _shown(site)

    found = await site.run("CaptchaAudio", {"id": captcha["id"]})

    assert captcha["provider"] == {"name": "TURNSTILE", "siteKey": captcha_provider.site_key}
    assert (captcha["image"], captcha["proofOfWork"], found["audio"]) == (None, None, None)
    assert "palabras" not in captcha["help"]


async def test_without_a_provider_a_captcha_names_none(api: Api) -> None:
    assert (await _shown(api))["provider"] is None


@pytest.mark.parametrize("name", ["turnstile", "hcaptcha", "recaptcha"])
async def test_a_token_of_the_provider_gets_past_every_captcha(
    make_api: MakeApi, using: dict[str, Any], captcha_provider: ProviderServer, name: str
) -> None:
    limits = {"limit_login_failures": "1/hour", "limit_create_account_captcha": "1/hour"}
    api = await make_api(**{**using, **limits, "captcha_provider": name})
    await api.act("CreateAccount", **REGISTRATION)
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    forms: list[tuple[str, dict[str, Any]]] = [
        ("CreateAccount", {**REGISTRATION, "email": OTHER_EMAIL}),
        ("Login", {"email": EMAIL, "password": WRONG_PASSWORD}),
    ]

    refused = [await api.act(operation, **form) for operation, form in forms]
    passed = [
        await api.act(operation, **form, captcha={"id": each["captcha"]["id"], "answer": captcha_provider.issue()})
        for each, (operation, form) in zip(refused, forms, strict=True)
    ]
    recovered = await _recover(api, (await _shown(api))["id"], captcha_provider.issue())

    assert [each["__typename"] for each in refused] == ["CaptchaRequiredError"] * 2
    assert {each["captcha"]["provider"]["name"] for each in refused} == {name.upper()}
    assert [each["__typename"] for each in passed] == ["CreateAccountSuccess", "InvalidCredentialsError"]
    assert recovered["__typename"] == "RecoverPasswordSuccess"


async def test_a_token_that_the_provider_refuses_is_a_mismatch(site: Api, captcha_provider: ProviderServer) -> None:
    captcha_id, used = (await _shown(site))["id"], captcha_provider.issue()
    await _recover(site, captcha_id, used)
    tokens = ["nothing", "x" * 15_000, "ñ", "a b", captcha_provider.issue(cdata="another captcha"), used]

    refused = [await _recover(site, (await _shown(site))["id"], token) for token in tokens]

    assert [each["__typename"] for each in refused] == ["CaptchaMismatchError"] * len(tokens)
    assert all(each["captcha"]["provider"] for each in refused)


async def test_a_captcha_of_the_provider_counts_once_even_with_another_good_token(
    site: Api, captcha_provider: ProviderServer
) -> None:
    captcha_id = (await _shown(site))["id"]
    await _recover(site, captcha_id, captcha_provider.issue())

    again = await _recover(site, captcha_id, captcha_provider.issue(), OTHER_EMAIL)

    assert again["__typename"] == "CaptchaMismatchError"
    assert len(captcha_provider.received) == 1


async def test_a_second_click_with_the_same_token_succeeds_and_the_provider_is_asked_once(
    site: Api, captcha_provider: ProviderServer
) -> None:
    captcha_id, token = (await _shown(site))["id"], captcha_provider.issue(cdata="")

    clicks = await asyncio.gather(*(_recover(site, captcha_id, token) for _ in range(2)))
    later = await _recover(site, captcha_id, token)

    assert {each["__typename"] for each in (*clicks, later)} == {"RecoverPasswordSuccess"}
    assert len(captcha_provider.received) == 1
    assert len(await site.mails()) <= 1


@pytest.mark.parametrize("trouble", [None, Trouble.DROP])
async def test_a_captcha_whose_token_was_refused_is_refused_at_once(
    site: Api, captcha_provider: ProviderServer, trouble: Trouble | None
) -> None:
    captcha_id = (await _shown(site))["id"]
    if trouble:
        captcha_provider.fail(trouble)
    await _recover(site, captcha_id, "nothing")
    asked = len(captcha_provider.received)

    again = await _recover(site, captcha_id, "nothing")

    assert again["__typename"] == "CaptchaMismatchError"
    assert len(captcha_provider.received) == asked > 0


async def test_while_the_provider_is_away_our_own_captcha_is_asked_for(
    site: Api, captcha_provider: ProviderServer
) -> None:
    captcha_provider.fail(Trouble.DROP)

    refused = await _recover(site, (await _shown(site))["id"], captcha_provider.issue())
    own = refused["captcha"]
    audio = await site.run("CaptchaAudio", {"id": own["id"]})
    recovered = await _recover(site, own["id"], site.solution(own["id"]).digits)
    next_one = await _shown(site)

    assert refused["__typename"] == "CaptchaMismatchError"
    assert own["provider"] is None
    assert own["image"]["dataUri"].startswith("data:image/png")
    assert own["proofOfWork"]["challenge"]
    assert audio["audio"]["dataUri"].startswith("data:audio/wav")
    assert recovered["__typename"] == "RecoverPasswordSuccess"
    assert next_one["provider"] is None


async def test_no_answer_of_ours_solves_the_providers_captcha(site: Api) -> None:
    captcha_id = (await _shown(site))["id"]
    verified = CaptchaIds(make_keys(site.settings)).verify(captcha_id)
    assert verified

    refused = await _recover(site, captcha_id, verified.solution.digits)

    assert site.composition.services.captchas.solution(captcha_id) is None
    assert refused["__typename"] == "CaptchaMismatchError"
    assert [row.purpose for row in await SpentCaptcha.all()] == [""]


async def test_a_captcha_of_a_provider_that_was_removed_is_a_mismatch_with_one_of_ours(api: Api) -> None:
    captcha_id = CaptchaIds(make_keys(api.settings)).issue(utc_now() + LIFE, by_provider=True)

    refused = await _recover(api, captcha_id, "a token")
    found = await api.run("CaptchaAudio", {"id": captcha_id})

    assert refused["__typename"] == "CaptchaMismatchError"
    assert refused["captcha"]["image"]
    assert found == {"id": captcha_id, "audio": None}
