"""What a provider of captchas is asked, and what its answers are worth."""

import json
import logging
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.captcha.provider import MAX_TOKEN_CHARS, VERIFICATION_URLS, ProviderAwayError, ProviderName
from tests.captcha_providers import ProviderServer, asking
from tests.paypal.http import Trouble

ID = "ArDBtSim82NLZHDVbR1jfAAAAABrB7NYDfMASko_j6Z1MfHtRlxyGA"
SHORT = 0.3  # seconds, for tests that wait for the end of a verification
HERE = {"hostnames": frozenset({"app.example.mx"})}


async def test_a_token_is_good_once(captcha_provider: ProviderServer) -> None:
    token = captcha_provider.issue()

    async with asking(captcha_provider.site()) as provider:
        verdicts = [await provider.verify(token, ID) for _ in range(2)]

    assert verdicts == [True, False]


@pytest.mark.parametrize("name", ProviderName)
async def test_a_provider_is_sent_the_secret_and_the_token_and_nothing_about_the_person(
    captcha_provider: ProviderServer, name: ProviderName
) -> None:
    token = captcha_provider.issue()

    async with asking(captcha_provider.site(name)) as provider:
        await provider.verify(token, ID)

    sitekey = {"sitekey": captcha_provider.site_key} if name is ProviderName.HCAPTCHA else {}
    assert captcha_provider.forms() == [{"secret": captcha_provider.secret, "response": token, **sitekey}]
    assert captcha_provider.received[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert VERIFICATION_URLS[name].startswith("https://")


async def test_what_is_no_token_is_refused_without_a_question(captcha_provider: ProviderServer) -> None:
    tokens = ["", " ", "a b", "ñ", "\0", "a\nb", "\ud800", "x" * (MAX_TOKEN_CHARS + 1)]

    async with asking(captcha_provider.site()) as provider:
        verdicts = [await provider.verify(token, ID) for token in tokens]

    assert verdicts == [False] * len(tokens)
    assert captcha_provider.received == []


async def test_an_unknown_token_is_refused_and_the_provider_is_not_away(captcha_provider: ProviderServer) -> None:
    async with asking(captcha_provider.site()) as provider:
        assert not await provider.verify("a&secret=another", ID)
        assert not provider.is_away


@pytest.mark.parametrize(
    ("facts", "changes", "good"),
    [
        ({"hostname": "app.example.mx"}, HERE, True),
        ({"hostname": "APP.example.mx"}, HERE, True),
        ({"hostname": "evil.example.com"}, HERE, False),
        ({"hostname": "app.example.mx.evil.example.com"}, HERE, False),
        ({"hostname": ["app.example.mx"]}, HERE, False),
        ({"hostname": {}}, HERE, False),
        ({"hostname": "evil.example.com"}, {}, True),
        ({}, HERE, True),
        ({"hostname": ""}, HERE, True),
        ({"hostname": "not-provided"}, HERE, True),
        ({"action": "accounts"}, {"action": "accounts"}, True),
        ({"action": "other"}, {"action": "accounts"}, False),
        ({}, {"action": "accounts"}, False),
        ({"action": "other"}, {}, True),
        ({"cdata": ID}, {}, True),
        ({"cdata": ""}, {}, True),
        ({"cdata": "another captcha"}, {}, False),
        ({"cdata": 7}, {}, False),
        ({"score": 0.9}, {"name": ProviderName.RECAPTCHA}, True),
        ({"score": 0.1}, {"name": ProviderName.RECAPTCHA}, False),
        ({"score": 0.1}, {"name": ProviderName.HCAPTCHA}, True),  # there, a risk
    ],
)
async def test_a_token_counts_for_our_hosts_our_action_and_its_captcha(
    captcha_provider: ProviderServer, facts: dict[str, Any], changes: dict[str, Any], good: bool
) -> None:
    async with asking(captcha_provider.site(**changes)) as provider:
        assert await provider.verify(captcha_provider.issue(**facts), ID) is good


@pytest.mark.parametrize("status", [413, 414, 431])
async def test_a_token_that_is_too_long_for_the_provider_does_not_bring_our_own_captchas(
    captcha_provider: ProviderServer, status: int
) -> None:
    captcha_provider.answer(status, b"<html>Too large</html>", "content-type: text/html")

    async with asking(captcha_provider.site()) as provider:
        assert not await provider.verify("x" * MAX_TOKEN_CHARS, ID)
        assert not provider.is_away


@pytest.mark.parametrize("trouble", [each for each in Trouble if each is not Trouble.HANG])
async def test_a_provider_in_trouble_is_away(captcha_provider: ProviderServer, trouble: Trouble) -> None:
    captcha_provider.fail(trouble)

    async with asking(captcha_provider.site()) as provider:
        with pytest.raises(ProviderAwayError):
            await provider.verify(captcha_provider.issue(), ID)
        assert provider.is_away


async def test_a_provider_that_does_not_answer_in_time_is_away(captcha_provider: ProviderServer) -> None:
    captcha_provider.fail(Trouble.HANG)

    async with asking(captcha_provider.site(), timeout=SHORT) as provider:
        with pytest.raises(ProviderAwayError, match="no answer in time"):
            await provider.verify(captcha_provider.issue(), ID)


async def test_a_provider_that_is_not_there_is_away(captcha_provider: ProviderServer) -> None:
    async with asking(captcha_provider.site(url="http://127.0.0.1:1/siteverify")) as provider:
        with pytest.raises(ProviderAwayError):
            await provider.verify("token", ID)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[]"),
        (200, b"null"),
        (200, b"{}"),
        (200, b'{"success": "true"}'),
        (200, b'{"success": 1}'),
        (200, b"\xff"),
        (200, b"[" * 5_000),
        (200, b'{"success": true, "x": "' + b"x" * 70_000 + b'"}'),
        (302, b'{"success": true}'),
        (408, b'{"success": true}'),
        (404, b"<html>"),
        (200, b'{"success": false, "error-codes": ["internal-error"]}'),
        (200, b'{"success": false, "error-codes": ["invalid-input-secret"]}'),
    ],
)
async def test_an_answer_that_is_no_verdict_is_none(captcha_provider: ProviderServer, status: int, body: bytes) -> None:
    captcha_provider.answer(status, body)

    async with asking(captcha_provider.site()) as provider:
        with pytest.raises(ProviderAwayError):
            await provider.verify(captcha_provider.issue(), ID)


@pytest.mark.parametrize(
    "verdict",
    [
        {"success": False},
        {"success": False, "error-codes": None},
        {"success": False, "error-codes": "missing-input-response"},
        {"success": False, "error-codes": [{}, 7, "bad\nrequest", "x" * 10_000, "bad-request"]},
    ],
)
async def test_a_refusal_counts_with_any_status_of_a_client_error(
    captcha_provider: ProviderServer, verdict: dict[str, Any]
) -> None:
    captcha_provider.answer(400, json.dumps(verdict).encode())

    async with asking(captcha_provider.site()) as provider:
        assert not await provider.verify(captcha_provider.issue(), ID)
        assert not provider.is_away


async def test_a_provider_is_away_for_half_a_minute_or_until_it_answers(captcha_provider: ProviderServer) -> None:
    now = 1_000.0
    captcha_provider.fail(Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)

    async with asking(captcha_provider.site(), monotonic=lambda: now) as provider:
        away = []
        for seconds in (0.0, 29.0, 2.0):
            if not seconds:
                with pytest.raises(ProviderAwayError):
                    await provider.verify("token", ID)
            now += seconds
            away.append(provider.is_away)
        with pytest.raises(ProviderAwayError):
            await provider.verify("token", ID)
        away.append(provider.is_away)
        await provider.verify("token", ID)
        away.append(provider.is_away)

    assert away == [True, True, False, True, False]


async def test_neither_the_secret_nor_a_token_is_logged(
    captcha_provider: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token, site = captcha_provider.issue(), captcha_provider.site()
    captcha_provider.fail(*(each for each in Trouble if each is not Trouble.HANG))

    with capture_logs() as logs:
        async with asking(site) as provider:
            for _ in range(len(Trouble) + 1):
                try:
                    await provider.verify(token, ID)
                except ProviderAwayError as error:
                    logs.append({"event": repr(error), "log_level": "error"})

    told = f"{logs} {caplog.text} {site!r} {provider!r} {vars(provider)!r}"
    assert [log["event"] for log in logs].count("captcha provider away") == len(Trouble) - 1
    assert "captcha provider refused" in told
    assert site.secret not in told
    assert token not in told
