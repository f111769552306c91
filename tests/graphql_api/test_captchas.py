"""Asking for a captcha's audio apart from its image, and the ways to answer it."""

import base64
import json
from datetime import timedelta
from statistics import mean
from typing import Any

import httpx2
import pytest

from services.captcha import service
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, WRONG_PASSWORD
from tests.proofs import proof
from tests.stores import ON_SQLITE

REFRESH_BYTES = 9_000  # of an average response with the image and everything else that a form shows
REST_BYTES = 1_100  # of that without the image, whose own bytes tests/services/captcha/test_image.py bounds
REQUIRED = {"limit_login_failures": "1/hour", "limit_login_captcha": "1/hour"}


async def test_a_refresh_has_an_image_and_no_audio(api: Api) -> None:
    responses = [await api.send("CreateCaptcha") for _ in range(5)]

    captchas = [response.json()["data"]["createCaptcha"]["captcha"] for response in responses]
    assert all(captcha["image"]["dataUri"].startswith("data:image/png;base64,") for captcha in captchas)
    assert ["audio" in captcha for captcha in captchas] == [False] * 5
    images = [len(captcha["image"]["dataUri"]) for captcha in captchas]
    sizes = [len(response.content) for response in responses]
    assert mean(sizes) < REFRESH_BYTES
    assert max(size - image for size, image in zip(sizes, images, strict=True)) < REST_BYTES


async def test_the_audio_of_a_captcha_is_asked_for_by_its_id(api: Api) -> None:
    captcha_id, solution = await api.captcha()

    found = await api.run("CaptchaAudio", {"id": captcha_id})
    again = await api.run("CaptchaAudio", {"id": captcha_id})
    answer = {"id": captcha_id, "answer": solution.digits}
    recovered = await api.act("RecoverPassword", email=EMAIL, captcha=answer)

    assert found["id"] == captcha_id
    assert base64.b64decode(found["audio"]["dataUri"].removeprefix("data:audio/wav;base64,")).startswith(b"RIFF")
    assert again == found
    assert recovered["__typename"] == "RecoverPasswordSuccess"


async def test_the_audio_of_an_errors_captcha_is_asked_for_in_the_same_way(make_api: MakeApi) -> None:
    api = await make_api(**REQUIRED)
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    refused = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    found = await api.run("CaptchaAudio", {"id": refused["captcha"]["id"]})

    assert refused["__typename"] == "CaptchaRequiredError"
    assert found["audio"]["dataUri"].startswith("data:audio/wav;base64,")


async def test_an_unknown_used_or_expired_captcha_is_null(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    used, solution = await api.captcha()
    await api.act("RecoverPassword", email=EMAIL, captcha={"id": used, "answer": solution.digits})
    monkeypatch.setattr(service, "LIFE", timedelta(0))
    expired, _ = await api.captcha()

    found = [
        await api.run("CaptchaAudio", {"id": each}) for each in (used, expired, "none", "", "ñ" * 54, "A" * 10_000)
    ]

    assert found == [None] * 6


async def test_the_audio_is_in_the_language_of_the_request(api: Api) -> None:
    captcha_id, _ = await api.captcha()

    es, en, de = [
        (await api.run("CaptchaAudio", {"id": captcha_id}, {"accept-language": language}))["audio"]["dataUri"]
        for language in ("es-MX", "en-US", "de")
    ]

    assert es == de
    assert es != en


@ON_SQLITE
async def test_asking_again_counts_towards_the_captchas_of_a_client(make_api: MakeApi) -> None:
    api = await make_api(limit_create_captcha="2/hour")
    captcha_id, _ = await api.captcha()
    await api.run("CaptchaAudio", {"id": captcha_id})

    throttled = [
        await api.send("CaptchaAudio", {"id": captcha_id}, {"accept-language": language}) for language in ("es", "en")
    ]

    assert [_error(response)["code"] for response in throttled] == ["TOO_MANY_ATTEMPTS"] * 2
    assert all(0 < _error(response)["retryAfterSeconds"] <= timedelta(hours=1).seconds for response in throttled)
    assert [response.json()["data"] for response in throttled] == [{"captcha": None}] * 2
    messages = [response.json()["errors"][0]["message"] for response in throttled]
    assert "intentos" in messages[0]
    assert "attempts" in messages[1]


@ON_SQLITE
async def test_an_id_that_is_not_ours_counts_nothing(make_api: MakeApi) -> None:
    api = await make_api(limit_create_captcha="1/hour")

    found = [await api.run("CaptchaAudio", {"id": json.dumps(number)}) for number in range(5)]

    assert found == [None] * 5
    assert await api.captcha()


async def test_a_proof_of_work_gets_past_every_captcha(make_api: MakeApi) -> None:
    api = await make_api(**REQUIRED, captcha_proof_of_work=5)
    shown = (await api.run("CreateCaptcha"))["captcha"]
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    refused = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    recovered = await api.act("RecoverPassword", email=EMAIL, captcha=_proved(shown))
    login = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD, captcha=_proved(refused["captcha"]))
    replayed = await api.act("RecoverPassword", email="eva@example.com", captcha=_proved(shown))

    assert "tu dispositivo" in shown["help"]
    assert refused["__typename"] == "CaptchaRequiredError"
    assert recovered["__typename"] == "RecoverPasswordSuccess"
    assert login["__typename"] == "InvalidCredentialsError"
    assert replayed["__typename"] == "CaptchaMismatchError"
    assert replayed["captcha"]["proofOfWork"] != shown["proofOfWork"]


async def test_a_hostile_payload_is_a_mismatch(make_api: MakeApi) -> None:
    api = await make_api(captcha_proof_of_work=5, limit_recover_password="1000/hour")
    payloads = [
        *("A" * 500, "=" * 500, "[" * 500, "ñ" * 500, "e30=", "A" * 15_000),
        base64.b64encode(b'{"solution":{"counter":' + b"9" * 2_000 + b',"derivedKey":"00"}}').decode(),
        base64.b64encode(b'{"solution":' * 200).decode(),
    ]

    answers = []
    for payload in payloads:
        captcha_id, _ = await api.captcha()
        answer = await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": payload})
        answers.append(answer["__typename"])

    assert answers == ["CaptchaMismatchError"] * len(payloads)


async def test_without_proofs_of_work_a_captcha_has_none(make_api: MakeApi) -> None:
    api = await make_api(captcha_proof_of_work=0)

    created = await api.run("CreateCaptcha")

    assert created["captcha"]["proofOfWork"] is None
    assert "dispositivo" not in created["captcha"]["help"]
    assert created["captcha"]["image"]


def _proved(captcha: dict[str, Any]) -> dict[str, str]:
    return {"id": captcha["id"], "answer": proof(captcha["proofOfWork"]["challenge"])}


def _error(response: httpx2.Response) -> Any:
    (error,) = response.json()["errors"]
    return error["extensions"]


@ON_SQLITE
async def test_a_threshold_of_zero_always_asks_for_a_captcha(make_api: MakeApi) -> None:
    api = await make_api(limit_login_captcha="0/hour")
    await api.account()

    without = await api.act("Login", email=EMAIL, password=PASSWORD)
    captcha_id, solution = await api.captcha()
    answer = {"id": captcha_id, "answer": solution.digits}
    solved = await api.act("Login", email=EMAIL, password=PASSWORD, captcha=answer)

    assert (without["__typename"], solved["__typename"]) == ("CaptchaRequiredError", "LoginSuccess")
