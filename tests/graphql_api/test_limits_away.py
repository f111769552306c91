"""Where limits cannot be counted, what needs one is closed with a clear answer, and everything else goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from models.sql import fetch
from tests.api import EMAIL, PASSWORD, RFC, Api
from tests.conftest import MakeApi
from tests.tcp_proxy import State, TcpProxy

NEW = "otra frase larga"
CAPTCHA = {"id": "none", "answer": "none"}
LIMITED: dict[str, Any] = {
    "CreateAccount": {"rfc": RFC, "email": "eva@example.com", "password": NEW, "passwordConfirmation": NEW},
    "ResendConfirmationCode": {"email": EMAIL},
    "ConfirmAccount": {"code": "A" * 40},
    "Login": {"email": EMAIL, "password": PASSWORD},
    "CreateCaptcha": {},
    "RecoverPassword": {"email": EMAIL, "captcha": CAPTCHA},
    "ChangePassword": {"currentPassword": PASSWORD, "newPassword": NEW, "newPasswordConfirmation": NEW},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> str:
    """Each test says itself where limits are counted."""
    return str(request.param)


@pytest.fixture
async def wire(redis_server: str) -> AsyncIterator[TcpProxy]:
    """To the tests' Redis."""
    parts = urlsplit(redis_server)
    async with TcpProxy(parts.hostname or "127.0.0.1", parts.port or 6379).laid() as wire:
        yield wire


async def _signed_in(api: Api) -> Api:
    await api.account()
    return api.signed_in(await api.token())


async def _assert_closed(api: Api, operation: str) -> None:
    response = await api.send(operation, {"input": LIMITED[operation]})

    assert response.status_code == 503, operation
    assert response.headers["retry-after"] == "5"
    assert response.json() == {
        "errors": [
            {"message": "The service is busy. Try again in a moment.", "extensions": {"code": "UNAVAILABLE"}},
        ]
    }


async def _assert_open(api: Api) -> None:
    """What needs no limit: reading, and ending sessions."""
    assert (await api.run("Me"))["email"] == EMAIL
    assert await api.run("PasswordPolicy")
    assert (await api.run("RevokeOtherSessions"))["__typename"] == "RevokeOtherSessionsSuccess"
    assert (await api.act("RevokeSession", id="none"))["__typename"] == "SessionNotFoundError"


@pytest.mark.parametrize("state", [State.REFUSED, State.HUNG])
async def test_while_redis_is_away_sensitive_mutations_are_closed_and_they_open_again(
    make_api: MakeApi, wire: TcpProxy, state: State
) -> None:
    api = await _signed_in(await make_api(redis_url=f"redis://127.0.0.1:{wire.port}/0"))

    wire.become(state)
    await asyncio.gather(*(_assert_closed(api, operation) for operation in LIMITED))
    await _assert_open(api)
    wire.become(State.WHOLE)

    changed = await api.act("ChangePassword", **LIMITED["ChangePassword"])
    assert changed["__typename"] == "ChangePasswordSuccess"
    assert await api.token(password=NEW)


async def test_a_mail_whose_limit_was_counted_with_its_request_leaves_while_redis_is_away(
    make_api: MakeApi, wire: TcpProxy
) -> None:
    api = await make_api(redis_url=f"redis://127.0.0.1:{wire.port}/0")
    await api.register()

    wire.become(State.REFUSED)

    assert await api.mailed_code()


async def test_a_mail_waits_while_redis_is_away(make_api: MakeApi, wire: TcpProxy) -> None:
    api = await make_api(redis_url=f"redis://127.0.0.1:{wire.port}/0")
    await api.register()
    await api.mails()
    await api.act("ResendConfirmationCode", email=EMAIL)

    wire.become(State.REFUSED)
    meanwhile = await api.mails()
    wire.become(State.WHOLE)
    await fetch("UPDATE delivery SET due_at = requested_at")

    assert meanwhile == []
    assert await api.mailed_code()


async def test_while_the_database_cannot_count_sensitive_mutations_are_closed_and_they_open_again(
    api: Api,
) -> None:
    api = await _signed_in(api)

    await fetch("ALTER TABLE limit_counter RENAME TO away")
    try:
        for operation in LIMITED:
            await _assert_closed(api, operation)
        await _assert_open(api)
    finally:
        await fetch("ALTER TABLE away RENAME TO limit_counter")

    assert await api.token()
