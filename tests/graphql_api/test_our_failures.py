"""What was counted for somebody is given back if we failed: their next try must not have to wait for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import pytest

from models.failure_streak import FailureStreak
from models.sql import fetch
from services.accounts.hashing import Hasher
from services.accounts.passwords import PasswordForm
from services.common.caller import Caller
from services.common.outcomes import TooManyAttempts
from tests.api import EMAIL, PASSWORD, RFC, Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.paypal.payers import PLAN, payer, start, takes_paypal
from tests.paypal.server import PayPalServer

NEW = "otra frase larga"
CHANGE = {"currentPassword": PASSWORD, "newPassword": NEW, "newPasswordConfirmation": NEW}


@asynccontextmanager
async def _without(table: str) -> AsyncIterator[None]:
    """The database fails at whatever needs the table."""
    await fetch(f"ALTER TABLE {table} RENAME TO away")
    try:
        yield
    finally:
        await fetch(f"ALTER TABLE away RENAME TO {table}")


@asynccontextmanager
async def _full_at_the_commit(table: str) -> AsyncIterator[None]:
    """The disk of PostgreSQL's machine is full just when a transaction that wrote to the table is to be kept."""
    await fetch(
        "CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$"
    )
    await fetch(
        f"CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION be_full()"
    )
    try:
        yield
    finally:
        await fetch("DROP FUNCTION be_full() CASCADE")


async def _fails(api: Api, operation: str, **input: Any) -> None:
    response = await api.send(operation, {"input": input})
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_asking_for_a_code_again(api: Api) -> None:
    await api.register(email="eva@example.com")

    async with _without("delivery"):
        await _fails(api, "ResendConfirmationCode", email=EMAIL)

    assert (await api.act("ResendConfirmationCode", email=EMAIL))["__typename"] == "ResendConfirmationCodeSuccess"


async def test_registering(api: Api) -> None:
    form = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}

    async with _without("delivery"):
        await _fails(api, "CreateAccount", **form)

    assert (await api.act("CreateAccount", **form))["__typename"] == "CreateAccountSuccess"
    assert await api.mailed_code()


async def test_registering_if_the_commit_fails(make_api: MakeApi, stores: str) -> None:
    if "postgresql" not in stores:
        pytest.skip("only PostgreSQL can be told to fail at a commit")
    api = await make_api(limit_create_account_email="1/day")
    form = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}

    async with _full_at_the_commit("registration"):
        refused = [await api.send("CreateAccount", {"input": form}) for _ in range(2)]

    assert [response.status_code for response in refused] == [503, 503]
    assert (await api.act("CreateAccount", **form))["__typename"] == "CreateAccountSuccess"


async def test_recovering_a_password_even_with_the_same_captcha(api: Api) -> None:
    await api.account()
    captcha_id, solution = await api.captcha()
    captcha = {"id": captcha_id, "answer": solution.digits}

    async with _without("delivery"):
        await _fails(api, "RecoverPassword", email=EMAIL, captcha=captcha)

    again = await api.act("RecoverPassword", email=EMAIL, captcha=captcha)
    assert again["__typename"] == "RecoverPasswordSuccess"
    assert await api.mailed_password()


async def test_signing_in(make_api: MakeApi) -> None:
    api = await make_api(limit_login_failures="1/15 minutes")
    await api.account()

    async with _without("session"):
        for _ in range(3):
            await _fails(api, "Login", email=EMAIL, password=PASSWORD)

    assert [streak.count for streak in await FailureStreak.all()] == [0]
    assert await api.token()


async def test_changing_the_password(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(limit_change_password="1/15 minutes"))

    async with _without("mailed_password"):
        await _fails(me, "ChangePassword", **CHANGE)

    assert (await me.act("ChangePassword", **CHANGE))["__typename"] == "ChangePasswordSuccess"


@pytest.mark.parametrize("operation", ["RequestBankDeposit", "StartPayPalPayment"])
async def test_beginning_to_pay(make_api: MakeApi, paypal: PayPalServer, operation: str) -> None:
    ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="1/hour"))

    async with _without("payment"):
        await _fails(ana, operation, planId=PLAN)

    assert (await ana.act(operation, planId=PLAN))["__typename"] == f"{operation}Success"


async def test_completing_a_payment(make_api: MakeApi, paypal: PayPalServer) -> None:
    ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="2/hour"))
    order_id = await start(ana)
    paypal.approve(order_id)

    async with _without("payment"):
        await _fails(ana, "CompletePayPalPayment", orderId=order_id)

    completed = await ana.act("CompletePayPalPayment", orderId=order_id)
    assert completed["__typename"] == "CompletePayPalPaymentSuccess"


@asynccontextmanager
async def _crowd(hasher: Hasher) -> AsyncIterator[None]:
    """As many as may wait for the hasher do so, all the time."""

    async def keep_hashing() -> None:
        while True:
            await hasher.hash(NEW)

    tasks = [asyncio.create_task(keep_hashing()) for _ in range(hasher._room)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_room_to_hash(make_api: MakeApi) -> None:
    limits = {"limit_login_failures": "1/15 minutes", "limit_change_password": "1/15 minutes"}
    api = await make_api(**limits, argon2_memory_kib=19_456)
    me = await signed_in(api)
    caller = Caller(ip_address("203.0.113.9"), credential=me.headers["authorization"].removeprefix("Bearer "))
    services = api.composition.services

    async with _crowd(services.passwords.hasher):
        login = await services.login.login(caller, EMAIL, PASSWORD, None)
        change = await services.passwords.change(caller, PasswordForm(PASSWORD, NEW, NEW))

    assert (login, change) == (TooManyAttempts(2), TooManyAttempts(2))
    assert await api.token()
    assert (await me.act("ChangePassword", **CHANGE))["__typename"] == "ChangePasswordSuccess"
