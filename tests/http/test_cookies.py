"""Signing in with a cookie, and which pages may use it."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from models.confirmation_code import ConfirmationCode
from models.registration import Registration
from services.secrets import digest
from tests.api import EMAIL, PASSWORD, PRODUCTION, Api
from tests.conftest import MakeApi

OWN = {"origin": "http://localhost:8000"}
LISTED = {"origin": "http://localhost:5173"}
FOREIGN = [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://localhost.evil.example"}]
BY_COOKIE = {"input": {"email": EMAIL, "password": PASSWORD, "transport": "COOKIE"}}


async def _sign_in(api: Api, origin: dict[str, str] = OWN) -> httpx2.Response:
    response = await api.send("Login", BY_COOKIE, origin)
    assert response.json()["data"]["login"]["__typename"] == "LoginSuccess"
    return response


@pytest.mark.parametrize("origin", [OWN, LISTED])
async def test_the_token_goes_into_a_cookie_and_not_into_the_answer(api: Api, origin: dict[str, str]) -> None:
    await api.account()

    response = await _sign_in(api, origin)

    cookie = response.headers["set-cookie"]
    assert response.json()["data"]["login"]["token"] is None
    assert cookie.startswith("session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert (await api.run("Me", headers=origin))["email"] == EMAIL


async def test_in_production_the_cookie_is_bound_to_the_host_and_to_https(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION, allowed_origins="https://app.example.com")
    await _confirmed(api)

    response = await _sign_in(api, {"origin": "https://app.example.com"})

    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "strict-transport-security" in response.headers


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_can_neither_sign_in_with_a_cookie_nor_use_one(api: Api, origin: dict[str, str]) -> None:
    await api.account()

    signing_in = await api.send("Login", BY_COOKIE, origin)
    await _sign_in(api)
    using = await api.send("Me", headers=origin)

    for response in (signing_in, using):
        assert response.status_code == 403
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["ORIGIN_NOT_ALLOWED"]
        assert "data" not in response.json()
    assert "set-cookie" not in signing_in.headers


async def test_bearer_and_anonymous_requests_need_no_origin_and_mind_none(api: Api) -> None:
    await api.account()
    token = await api.token()

    for origin in ({}, *FOREIGN):
        assert await api.signed_in(token).run("Me", headers=origin)
        assert await api.run("Me", headers=origin) is None


async def test_a_cookie_without_an_origin_does_not_count(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    assert await api.run("Me") is None


@pytest.mark.parametrize("name", ["\xa0session", "\x85session", "session", "Session ", "\tsession"])
async def test_no_other_cookie_of_the_site_passes_for_the_sessions(api: Api, name: str) -> None:
    await api.account()
    token = await api.token()
    api.http.cookies.clear()
    mine, forged = f"session={token}".encode(), f"{name}=forged".encode("latin-1")

    answers = [
        await api.http.post(
            "/graphql",
            json={"query": "{ me { email } }"},
            headers=[(b"cookie", cookies), (b"origin", OWN["origin"].encode())],
        )
        for cookies in (mine, mine + b"; " + forged, forged)
    ]

    emails = [answer.json()["data"]["me"] and answer.json()["data"]["me"]["email"] for answer in answers]
    assert emails[0] == EMAIL
    assert emails[1] == (None if name.strip(" \t") == "session" else EMAIL)
    assert emails[2] is None


async def test_a_cookie_is_found_among_others_and_read_as_it_was_set(api: Api) -> None:
    await api.account()
    token = await api.token()
    among_others = {**OWN, "cookie": f'other=old; theirs="\\"; session={token}; last'}
    quoted = {**OWN, "cookie": f'session="{token}"'}

    assert (await api.run("Me", headers=among_others))["email"] == EMAIL
    assert await api.run("Me", headers=quoted) is None


async def test_a_cookie_does_not_count_on_get(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    response = await api.http.get("/graphql", params={"query": "{ me { email } }"}, headers=OWN)

    assert response.json() == {"data": {"me": None}}


async def test_an_authorization_header_counts_alone_even_when_it_is_bad(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    for bad in ("Bearer nonsense", "Basic YTpi", "", "Bearer"):
        assert await api.run("Me", headers={**OWN, "authorization": bad}) is None


async def test_signing_in_anew_ends_the_session_that_the_cookie_held(api: Api) -> None:
    await api.account()
    first = (await _sign_in(api)).cookies["session"]

    await _sign_in(api)

    assert await api.signed_in(first).run("Me") is None
    assert len((await api.run("Me", headers=OWN))["sessions"]) == 1


async def test_changing_a_mailed_password_prolongs_the_cookie(api: Api) -> None:
    await api.account()
    mailed = await api.recover()
    form = {"email": EMAIL, "password": mailed, "transport": "COOKIE"}
    restricted = await api.send("Login", {"input": form}, OWN)
    change = {
        "currentPassword": mailed,
        "newPassword": "otra frase larga",
        "newPasswordConfirmation": "otra frase larga",
    }

    changed = await api.send("ChangePassword", {"input": change}, OWN)

    assert _max_age(restricted) <= 24 * 3600
    assert _max_age(changed) > 29 * 24 * 3600
    assert changed.cookies["session"] == restricted.cookies["session"]


async def test_logging_out_forgets_the_cookie(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    response = await api.send("Logout", headers=OWN)

    assert "Max-Age=0" in response.headers["set-cookie"]
    assert await api.run("Me", headers=OWN) is None


def _max_age(response: httpx2.Response) -> int:
    return int(response.headers["set-cookie"].lower().partition("max-age=")[2].partition(";")[0])


async def _confirmed(api: Api) -> None:
    """An account where no mail can be sent: the worker's code is replaced by one of ours."""
    await api.register()
    (registration,) = await Registration.all()
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    await ConfirmationCode.create(digest=digest("A" * 40), registration_id=registration.id, expires_at=expires_at)
    await api.act("ConfirmAccount", code="A" * 40)
