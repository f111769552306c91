"""If limits cannot be counted, operations that need one are refused with a clear answer; all others go on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from models.sql import fetch
from tests.api import Api, GivenSettings, forget_limits
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE, RFC
from tests.tcp_proxy import State, TcpProxy

AUDIENCE = "https://api.example.mx"
CAPTCHA = {"id": "none", "answer": "none"}
LIMITED: dict[str, Any] = {
    "CreateAccount": {
        "rfc": RFC,
        "email": "eva@example.com",
        "password": NEW_PASSWORD,
        "passwordConfirmation": NEW_PASSWORD,
    },
    "ResendConfirmationCode": {"email": EMAIL},
    "ConfirmAccount": {"code": "A" * 40},
    "Login": {"email": EMAIL, "password": PASSWORD},
    "CreateCaptcha": {},
    "RecoverPassword": {"email": EMAIL, "captcha": CAPTCHA},
    "ChangePassword": PASSWORD_CHANGE,
    "CreateAccessToken": {"audience": AUDIENCE},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> str:
    """The database; each test names the storage of its limits."""
    return str(request.param)


@pytest.fixture
async def wire(redis_server: str) -> AsyncIterator[TcpProxy]:
    """Leads to the tests' Redis."""
    async with TcpProxy.to(redis_server).laid() as wire:
        yield wire


@pytest.fixture
async def through_wire(redis_server: str, wire: TcpProxy) -> AsyncIterator[dict[str, str]]:
    """The settings that count limits in Redis through the wire, under a prefix of the test's own."""
    prefix = f"test-{uuid4().hex}"
    yield {"redis_url": wire.url_of(redis_server), "redis_key_prefix": prefix}
    await forget_limits(GivenSettings(redis_url=redis_server, redis_key_prefix=prefix))


async def _assert_refused(api: Api, operation: str) -> None:
    response = await api.send(operation, {"input": LIMITED[operation]})

    assert response.status_code == 503, operation
    assert response.headers["retry-after"] == "5"
    reference = response.headers["x-request-id"]
    assert response.json() == {
        "errors": [
            {
                "message": "The service is busy. Try again in a moment.",
                "extensions": {"code": "UNAVAILABLE", "reference": reference},
            },
        ]
    }


async def _assert_open(api: Api) -> None:
    """Reading and ending sessions, which need no limit."""
    assert (await api.run("Me"))["email"] == EMAIL
    assert await api.run("PasswordPolicy")
    assert (await api.run("RevokeOtherSessions"))["__typename"] == "RevokeOtherSessionsSuccess"
    assert (await api.act("RevokeSession", id="none"))["__typename"] == "SessionNotFoundError"


@pytest.mark.parametrize("state", [State.REFUSED, State.HUNG])
async def test_while_redis_is_down_sensitive_mutations_are_refused(
    make_api: MakeApi, wire: TcpProxy, through_wire: dict[str, str], state: State
) -> None:
    api = await signed_in(await make_api(**through_wire, access_token_audiences=(AUDIENCE,)))

    wire.become(state)
    await asyncio.gather(*(_assert_refused(api, operation) for operation in LIMITED))
    await _assert_open(api)
    wire.become(State.WHOLE)

    changed = await api.act("ChangePassword", **LIMITED["ChangePassword"])
    assert changed["__typename"] == "ChangePasswordSuccess"
    assert await api.token(password=NEW_PASSWORD)


async def test_a_mail_that_was_counted_with_its_request_is_sent_while_redis_is_down(
    make_api: MakeApi, wire: TcpProxy, through_wire: dict[str, str]
) -> None:
    api = await make_api(**through_wire)
    await api.register()

    wire.become(State.REFUSED)

    assert await api.mailed_code()


async def test_a_mail_that_is_not_counted_yet_waits_for_redis(
    make_api: MakeApi, wire: TcpProxy, through_wire: dict[str, str]
) -> None:
    api = await make_api(**through_wire)
    await api.register()
    await api.mails()
    await api.act("ResendConfirmationCode", email=EMAIL)

    wire.become(State.REFUSED)
    before = await api.mails()
    wire.become(State.WHOLE)
    await fetch("UPDATE delivery SET due_at = requested_at")

    assert before == []
    assert await api.mailed_code()


async def test_while_the_database_cannot_count_sensitive_mutations_are_refused(
    make_api: MakeApi,
) -> None:
    api = await signed_in(await make_api(access_token_audiences=(AUDIENCE,)))

    await fetch("ALTER TABLE limit_counter RENAME TO away")
    try:
        for operation in LIMITED:
            await _assert_refused(api, operation)
        await _assert_open(api)
    finally:
        await fetch("ALTER TABLE away RENAME TO limit_counter")

    assert await api.token()


async def test_while_the_database_cannot_count_no_api_client_is_served(make_api: MakeApi) -> None:
    api = await make_api()
    client = api.signed_in(await api.api_client())

    await fetch("ALTER TABLE limit_counter RENAME TO away")
    try:
        away = await client.send("Accounts")
        stranger = await api.run("Accounts")
    finally:
        await fetch("ALTER TABLE away RENAME TO limit_counter")

    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert away.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert stranger["__typename"] == "NotAuthorizedError"
    assert (await client.run("Accounts"))["__typename"] == "AccountRecordConnection"
