"""An API client's secret opens nothing that belongs to a person, and a person's token stays a person's."""

from typing import Any

from structlog.testing import capture_logs

from models.session import Session
from services.common.secrets import digest, generate_token
from tests.api import PASSWORD_CHANGE, Api
from tests.statements import statements_run
from tests.stores import ON_SQLITE

_SIGNED_IN: list[tuple[str, dict[str, Any]]] = [
    ("ChangePassword", PASSWORD_CHANGE),
    ("CreateAccessToken", {"audience": "https://api.example.mx"}),
    ("RevokeSession", {"id": "7fffffff-ffff-4fff-bfff-ffffffffffff"}),
    ("ConfigureCompany", {"legalName": "X", "taxRegime": "601", "postalCode": "26015"}),
    ("RequestBankDeposit", {"planId": "negocio"}),
]


async def test_a_secret_opens_neither_me_nor_what_needs_a_session(api: Api) -> None:
    await api.account()
    client = api.signed_in(await api.api_client())

    answers = [(await client.act(operation, **form))["__typename"] for operation, form in _SIGNED_IN]

    assert await client.run("Me") is None
    assert answers == ["NotAuthenticatedError"] * len(_SIGNED_IN)
    assert (await client.run("RevokeOtherSessions"))["__typename"] == "NotAuthenticatedError"


async def test_a_secret_never_stands_for_a_session_even_if_a_session_has_its_digest(api: Api) -> None:
    await api.account()
    await api.token()
    secret = await api.api_client()
    await Session.all().update(digest=digest(secret))

    assert await api.signed_in(secret).run("Me") is None
    assert (await api.signed_in(secret).run("Logout"))["__typename"] == "LogoutSuccess"
    assert await Session.all().count() == 1


async def test_a_secret_costs_no_look_up_of_a_session(api: Api) -> None:
    client = api.signed_in(await api.api_client())

    with statements_run() as statements:
        assert await client.run("Me") is None

    assert [statement.text for statement in statements if "session" in statement.text] == []


async def test_a_cookie_carries_no_secret(api: Api) -> None:
    secret = await api.api_client()
    headers = {"cookie": f"session={secret}", "sec-fetch-site": "same-origin"}

    with statements_run() as statements:
        response = await api.send("Me", headers=headers)

    assert response.json()["data"] == {"me": None}
    assert response.headers["set-cookie"].startswith('session=""; ')
    assert [statement.text for statement in statements if "session" in statement.text] == []


@ON_SQLITE
async def test_several_authorization_headers_that_differ_are_refused(api: Api) -> None:
    await api.account()
    token, secret = await api.token(), await api.api_client()

    async def status(*values: str) -> int:
        headers = [("authorization", value) for value in values]
        response = await api.http.post("/graphql", json={"query": "{ me { id } }"}, headers=headers)
        return response.status_code

    assert await status(f"Bearer {secret}", f"Bearer {token}") == 400
    assert await status(f"Bearer {token}", f"Bearer {secret}") == 400
    assert await status("Basic YTpi", f"Bearer {token}") == 400
    assert await status(f"Bearer {token}", f"Bearer {token}") == 200


@ON_SQLITE
async def test_the_line_of_a_request_never_has_the_secret(api: Api) -> None:
    secret = await api.api_client()

    with capture_logs() as lines:
        await api.signed_in(secret).run("Me")
        await api.signed_in(generate_token()).run("Me")

    assert secret not in str(lines)
    assert [line.get("api_client") for line in lines] == [None, None]  # no operation needed it
