"""An API client's secret opens nothing that belongs to a person, and a person's token stays a person's."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from models.api_client import ApiClient
from models.api_client_secret import ApiClientSecret
from models.session import Session
from services.access.client_registry import ClientRotated
from services.access.clients import Scope
from services.common.clock import utc_now
from services.common.secrets import digest, generate_token
from tests.actors import OPERATOR
from tests.api import Api
from tests.forms import PASSWORD_CHANGE
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


async def _opens(api: Api, authorization: str) -> bool:
    answer = await api.run("Accounts", headers={"authorization": authorization})
    assert answer["__typename"] in {"AccountRecordConnection", "NotAuthorizedError"}
    return bool(answer["__typename"] == "AccountRecordConnection")


@pytest.mark.parametrize("scope", Scope)
async def test_each_door_opens_to_its_scope_alone(api: Api, scope: Scope) -> None:
    client = api.signed_in(await api.api_client(scope))

    answers = {
        (await client.run("Accounts"))["__typename"],
        (await client.run("Account", {"by": {"id": "x"}}))["__typename"],
        (await client.act("VerifySession", token="x"))["__typename"],
    }

    is_opened = scope is Scope.ACCOUNTS_READ
    opened = {"AccountRecordConnection", "AccountNotFoundError", "SessionNotActiveError"}
    assert answers == (opened if is_opened else {"NotAuthorizedError"})


@ON_SQLITE
async def test_the_scheme_is_bearer_in_any_case_and_the_secret_is_to_the_letter(api: Api) -> None:
    secret = await api.api_client()

    good = [f"Bearer {secret}", f"bearer {secret}", f"BEARER {secret}", f"  Bearer   {secret}  "]
    bad = [
        *(secret, f"Basic {secret}", f"Token {secret}", f"Bearer: {secret}", f"Bearer{secret}", f"Bearer={secret}"),
        *(f"Bearer {secret.upper()}", f"Bearer {secret.lower()}", f"Bearer {secret.swapcase()}"),
        *(f"Bearer {secret},{secret}", f"Bearer {secret} {secret}", f'Bearer "{secret}"', f"Bearer {secret}\t."),
        *(f"Bearer {secret[:-1]}", f"Bearer {secret}=", f"Bearer tac_{secret}", "Bearer tac_", "Bearer"),
    ]

    assert [each for each in good if not await _opens(api, each)] == []
    assert [each for each in bad if await _opens(api, each)] == []


@ON_SQLITE
async def test_bytes_that_are_not_ascii_open_nothing(api: Api) -> None:
    secret = (await api.api_client()).encode()
    body = {"query": "{ accounts { __typename } }"}

    for given in (b"\xff" + secret, secret + b"\xc3\xa9", secret[:20] + b"\xd9\xa3" + secret[21:]):
        headers = [(b"authorization", b"Bearer " + given)]
        response = await api.http.post("/graphql", json=body, headers=headers)
        assert response.json()["data"] == {"accounts": {"__typename": "NotAuthorizedError"}}


async def test_a_persons_token_is_not_a_clients_even_if_a_client_has_its_digest(api: Api) -> None:
    await api.account()
    token = await api.token()
    await api.api_client()
    client = await ApiClient.get()
    await ApiClientSecret.create(digest=digest(token), client_id=client.id, created_at=utc_now())

    assert not await _opens(api, f"Bearer {token}")


async def test_rotated_and_revoked_secrets_open_nothing_any_more(api: Api) -> None:
    registry = api.composition.client_registry
    first = await api.api_client()
    kept = await registry.rotate(OPERATOR, "stamping", timedelta(hours=1))
    assert isinstance(kept, ClientRotated)
    both = [await _opens(api, f"Bearer {secret}") for secret in (first, kept.secret)]
    leaked = await registry.rotate(OPERATOR, "stamping", timedelta())
    assert isinstance(leaked, ClientRotated)
    rotated = [await _opens(api, f"Bearer {secret}") for secret in (first, kept.secret, leaked.secret)]
    await registry.revoke(OPERATOR, "stamping")
    revoked = [await _opens(api, f"Bearer {secret}") for secret in (first, kept.secret, leaked.secret)]

    assert (both, rotated, revoked) == ([True, True], [False, False, True], [False, False, False])


@ON_SQLITE
async def test_every_refusal_says_the_same(api: Api) -> None:
    await api.account()
    secret, token = await api.api_client(), await api.token()
    other = await api.api_client(Scope.EVENTS_READ, name="events")
    await api.composition.client_registry.revoke(OPERATOR, "stamping")

    tried = ["", f"Bearer {secret}", f"Bearer {other}", f"Bearer {token}", f"Bearer {secret[:-1]}", "Basic YTpi"]
    answers = [await api.run("Accounts", headers={"authorization": each}) for each in tried]

    assert {str(each) for each in answers} == {str(answers[0])}
    assert answers[0]["scope"] == "accounts:read"


@ON_SQLITE
async def test_a_secret_in_the_cookie_opens_no_clients_door(api: Api) -> None:
    headers = {"cookie": f"session={await api.api_client()}", "sec-fetch-site": "same-origin"}

    assert (await api.run("Accounts", headers=headers))["__typename"] == "NotAuthorizedError"


async def test_the_secret_counts_although_the_browser_sends_a_cookie(api: Api) -> None:
    await api.account()
    headers = {"cookie": f"session={await api.token()}", "sec-fetch-site": "same-origin"}
    client = api.signed_in(await api.api_client())

    assert await client.run("Me", headers=headers) is None
    assert (await client.run("Accounts", headers=headers))["__typename"] == "AccountRecordConnection"


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
async def test_the_line_of_a_request_has_the_clients_name_and_never_the_secret(api: Api) -> None:
    secret = await api.api_client()

    with capture_logs() as lines:
        await api.signed_in(secret).run("Accounts")
        await api.signed_in(secret).act("VerifySession", token=secret)
        await api.signed_in(secret).run("Me")
        await api.signed_in(generate_token()).run("Accounts")
        await api.signed_in(secret[:-1]).run("Accounts")

    assert secret[:-1] not in str(lines)
    assert [line.get("api_client") for line in lines] == ["stamping", "stamping", None, None, None]
    assert [line["outcomes"] for line in lines][::3] == [
        {"accounts": "AccountRecordConnection"},
        {"accounts": "NotAuthorizedError"},
    ]


@ON_SQLITE
async def test_the_line_names_a_client_that_lacks_the_scope(api: Api) -> None:
    client = api.signed_in(await api.api_client(Scope.EVENTS_READ))

    with capture_logs() as lines:
        await client.run("Accounts")

    assert [(line["api_client"], line["outcomes"]) for line in lines] == [
        ("stamping", {"accounts": "NotAuthorizedError"})
    ]
