"""Logging in with a cookie, and which pages may use it."""

from datetime import UTC, datetime, timedelta
from itertools import product

import httpx2

from models.confirmation_code import ConfirmationCode
from models.registration import Registration
from services.common.secrets import digest
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD

OWN = {"origin": "http://localhost:8000"}
LISTED = {"origin": "http://localhost:5173"}
FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost.evil.example:8000"},
    {"origin": "http://localhost:8000, http://localhost:8000"},
    {"origin": "http://localhost:8000/"},
    {"origin": "null", "sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example", "sec-fetch-site": "same-site"},
]
UNNAMED = [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}]  # no Origin
OF_THE_PAGE = [
    OWN,
    LISTED,
    {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"},
    {"origin": "capacitor://localhost", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-origin"},
    {"origin": "https://api.example.mx", "sec-fetch-site": "same-origin"},  # a proxy has changed the Host
    {"sec-fetch-site": "none"},
    {"origin": "null", "sec-fetch-site": "same-origin"},
]
FORM = {"email": EMAIL, "password": PASSWORD, "transport": "COOKIE"}
BY_COOKIE = {"input": FORM}


async def _sign_in(api: Api, origin: dict[str, str] = OWN) -> httpx2.Response:
    response = await api.send("Login", BY_COOKIE, origin)
    assert response.json()["data"]["login"]["__typename"] == "LoginSuccess"
    return response


async def test_the_token_is_in_the_cookie_and_not_in_the_response(api: Api) -> None:
    await api.account()

    for origin in (OWN, LISTED):
        api.http.cookies.clear()
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


async def test_a_foreign_page_can_neither_get_nor_use_a_cookie(api: Api) -> None:
    await api.account()

    login = [await api.send("Login", BY_COOKIE, origin) for origin in FOREIGN + UNNAMED]
    await _sign_in(api)
    using = [await api.send("Me", headers=origin) for origin in FOREIGN + UNNAMED]

    for response in login + using:
        _assert_refused(response)
    assert not any("set-cookie" in response.headers for response in login)


async def test_the_cookie_counts_for_own_and_listed_pages(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    for headers, method in product(OF_THE_PAGE, ("POST", "GET")):
        response = await _ask(api, method, "{ me { email } }", headers)

        assert response.json() == {"data": {"me": {"email": EMAIL}}}, (headers, method)


async def test_an_ignored_cookie_always_causes_an_error(api: Api) -> None:
    for headers, method in product(FOREIGN + UNNAMED, ("POST", "GET", "HEAD")):
        response = await _ask(api, method, "{ passwordPolicy { minimumLength } }", {**headers, "cookie": "session=x"})

        assert response.status_code == 403, (headers, method)
        if method != "HEAD":
            _assert_refused(response)


async def test_the_error_says_what_to_do(api: Api) -> None:
    advice: list[tuple[dict[str, str], str]] = [
        ({"origin": "https://evil.example"}, "ALLOWED_ORIGINS"),
        ({"origin": "null"}, "hides its origin"),
        ({"sec-fetch-site": "cross-site"}, "use fetch, from a page"),
        ({}, "Authorization: Bearer"),
    ]

    for headers, words in advice:
        response = await api.send("Me", headers={**headers, "cookie": "session=x"})

        assert words in response.json()["errors"][0]["message"]


async def test_a_request_with_an_ignored_cookie_has_no_effect(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    _assert_refused(await api.send("Logout", headers=FOREIGN[0]))
    _assert_refused(await api.send("Logout", headers={}))

    assert (await api.run("Me", headers=OWN))["email"] == EMAIL


async def test_a_page_of_another_site_cannot_get_a_cookie_that_it_would_never_send(api: Api) -> None:
    await api.account()
    elsewhere = {**LISTED, "sec-fetch-site": "cross-site"}

    by_cookie = await api.send("Login", BY_COOKIE, elsewhere)
    wrong = await api.send("Login", {"input": {**FORM, "password": "wrong"}}, elsewhere)
    by_bearer = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}}, elsewhere)

    for refused in (by_cookie, wrong):
        _assert_refused(refused)
        assert "BEARER" in refused.json()["errors"][0]["message"]
        assert "set-cookie" not in refused.headers
    assert by_bearer.json()["data"]["login"]["token"]


async def test_bearer_and_anonymous_requests_work_with_any_origin_or_none(api: Api) -> None:
    await api.account()
    token = await api.token()

    for origin in ({}, *FOREIGN):
        assert await api.signed_in(token).run("Me", headers=origin)
        assert await api.run("Me", headers=origin) is None


async def test_no_other_cookie_of_the_site_is_taken_for_the_session_cookie(api: Api) -> None:
    await api.account()
    mine = f"session={await api.token()}".encode()

    for name in ("\xa0session", "\x85session", "session", "Session ", "\tsession"):
        forged = f"{name}=forged".encode("latin-1")
        alone, beside, instead = [
            await _with_cookies(api, cookies) for cookies in (mine, mine + b"; " + forged, forged)
        ]

        assert alone.json()["data"]["me"]["email"] == EMAIL
        if name.strip(" \t") == "session":
            assert beside.status_code == 400
            assert "several cookies named session" in beside.json()["errors"][0]["message"]
        else:
            assert beside.json()["data"]["me"]["email"] == EMAIL
        assert instead.json()["data"]["me"] is None


async def test_a_cookie_sent_twice_with_one_value_counts(api: Api) -> None:
    await api.account()
    token = await api.token()

    me = await api.run("Me", headers={**OWN, "cookie": f"session={token}; session={token}"})

    assert me["email"] == EMAIL


async def test_the_cookie_is_found_among_others(api: Api) -> None:
    await api.account()
    token = await api.token()
    among_others = {**OWN, "cookie": f'other=old; theirs="\\"; session={token}; last'}
    quoted = {**OWN, "cookie": f'session="{token}"'}

    assert (await api.run("Me", headers=among_others))["email"] == EMAIL
    assert await api.run("Me", headers=quoted) is None


async def test_an_authorization_header_overrides_the_cookie_even_if_it_is_invalid(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    assert await api.run("Me", headers={**OWN, "authorization": "Bearer nonsense"}) is None


async def test_an_empty_authorization_header_counts_as_none(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    for empty in ("", " ", "Bearer", "bearer ", "Bearer null", "Bearer undefined", "Basic YTpi", "null"):
        me = await api.run("Me", headers={**OWN, "authorization": empty})
        refused = await api.send("Me", headers={"authorization": empty})

        assert me["email"] == EMAIL
        _assert_refused(refused)


async def test_a_cookie_without_a_session_is_cleared(api: Api) -> None:
    for cookie in ("garbage", "x" * 4000, "\udcff", '"', "%00"):
        response = await _with_cookies(api, f"session={cookie}".encode("utf-8", "surrogateescape"))

        assert response.json() == {"data": {"me": None}}
        assert _clears_the_cookie(response)


async def test_the_cookie_of_an_ended_session_is_cleared_by_any_operation_that_needed_it(api: Api) -> None:
    await api.account()
    ended = (await _sign_in(api)).cookies["session"]
    await api.signed_in(ended).run("Logout")
    stale = {**OWN, "cookie": f"session={ended}"}

    read = await _ask(api, "GET", "{ me { email } }", stale)
    changed = await api.send("RevokeOtherSessions", headers=stale)
    public = await api.send("PasswordPolicy", headers=stale)

    assert _clears_the_cookie(read)
    assert changed.json()["data"]["revokeOtherSessions"]["__typename"] == "NotAuthenticatedError"
    assert _clears_the_cookie(changed)
    assert public.json()["data"]["passwordPolicy"]["minimumLength"] == 8


async def test_a_cookie_with_a_session_is_never_cleared(api: Api) -> None:
    await api.account()
    token = (await _sign_in(api)).cookies["session"]
    form = {"currentPassword": "wrong", "newPassword": "otra frase", "newPasswordConfirmation": "otra frase"}

    responses = [
        await api.send("Me", headers=OWN),
        await api.send("ChangePassword", {"input": form}, OWN),
        await api.send("Me", headers={**OWN, "authorization": "Bearer nonsense"}),
        await api.send("Me", headers={**FOREIGN[0], "cookie": f"session={token}"}),
    ]

    assert [response.headers.get("set-cookie") for response in responses] == [None] * 4


async def test_a_login_for_a_token_clears_the_cookie_whose_session_it_ends(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}}, OWN)

    assert _clears_the_cookie(response)


async def test_a_new_login_ends_the_session_of_the_cookie(api: Api) -> None:
    await api.account()
    first = (await _sign_in(api)).cookies["session"]

    await _sign_in(api)

    assert await api.signed_in(first).run("Me") is None
    assert len((await api.run("Me", headers=OWN))["sessions"]) == 1


async def test_changing_a_mailed_password_extends_the_cookie(api: Api) -> None:
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


async def test_logout_clears_the_cookie(api: Api) -> None:
    await api.account()
    await _sign_in(api)

    response = await api.send("Logout", headers=OWN)

    assert "Max-Age=0" in response.headers["set-cookie"]
    assert await api.run("Me", headers=OWN) is None


def _assert_refused(response: httpx2.Response) -> None:
    body = response.json()
    assert response.status_code == 403
    assert [error["extensions"]["code"] for error in body["errors"]] == ["ORIGIN_NOT_ALLOWED"]
    assert "data" not in body


def _clears_the_cookie(response: httpx2.Response) -> bool:
    return response.headers.get("set-cookie", "").startswith("session=") and _max_age(response) == 0


async def _with_cookies(api: Api, cookies: bytes) -> httpx2.Response:
    headers = [(b"cookie", cookies), (b"origin", OWN["origin"].encode())]
    return await api.http.post("/graphql", json={"query": "{ me { email } }"}, headers=headers)


async def _ask(api: Api, method: str, query: str, headers: dict[str, str]) -> httpx2.Response:
    if method == "POST":
        return await api.http.post("/graphql", json={"query": query}, headers=headers)
    return await api.http.request(method, "/graphql", params={"query": query}, headers=headers)


def _max_age(response: httpx2.Response) -> int:
    return int(response.headers["set-cookie"].lower().partition("max-age=")[2].partition(";")[0])


async def _confirmed(api: Api) -> None:
    """An account where no mail can be sent: the worker's code is replaced by one of ours."""
    await api.register()
    (registration,) = await Registration.all()
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    await ConfirmationCode.create(digest=digest("A" * 40), registration_id=registration.id, expires_at=expires_at)
    await api.act("ConfirmAccount", code="A" * 40)


async def test_the_own_origin_is_recognized_with_and_without_a_port_in_the_host(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)
    headers = {"host": "api.example.mx:443", "origin": "https://api.example.mx", "cookie": "__Host-session=x"}

    assert await api.run("Me", headers=headers) is None
    assert (await api.send("Me", headers={**headers, "host": "api.example.mx:8443"})).status_code == 403
