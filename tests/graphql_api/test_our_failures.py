"""If the service fails, the attempt is not counted: the next one need not wait.

Each test is named for what fails once and then succeeds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from structlog.testing import capture_logs

from models.failure_streak import FailureStreak
from models.sql import fetch
from services.accounts.hashing import Hasher
from services.accounts.login import LoginForm
from services.accounts.passwords import PasswordForm
from services.common.caller import Caller
from services.common.outcomes import TooManyAttempts
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE, REGISTRATION
from tests.paypal.payers import PLAN, payer, start, takes_paypal
from tests.paypal.server import PayPalServer
from tests.stores import ON_POSTGRESQL, ON_SQLITE


@asynccontextmanager
async def _without(table: str) -> AsyncIterator[None]:
    """The database fails at every statement on the table."""
    await fetch(f"ALTER TABLE {table} RENAME TO away")
    try:
        yield
    finally:
        await fetch(f"ALTER TABLE away RENAME TO {table}")


@asynccontextmanager
async def _full_at_the_commit(table: str) -> AsyncIterator[None]:
    """PostgreSQL's disk is full when a transaction that wrote to the table commits."""
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
    with capture_logs() as logs:
        response = await api.send(operation, {"input": input})
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "unexpected error" in {log["event"] for log in logs}


async def test_resending_a_code(api: Api) -> None:
    await api.register(email="eva@example.com")

    async with _without("delivery"):
        await _fails(api, "ResendConfirmationCode", email=EMAIL)

    assert (await api.act("ResendConfirmationCode", email=EMAIL))["__typename"] == "ResendConfirmationCodeSuccess"


async def test_registering(make_api: MakeApi) -> None:
    api = await make_api(limit_create_account_email="1/day", limit_create_account_email_client="1/day")

    for table in ("registration", "delivery"):
        async with _without(table):
            await _fails(api, "CreateAccount", **REGISTRATION)

    assert (await api.act("CreateAccount", **REGISTRATION))["__typename"] == "CreateAccountSuccess"
    assert await api.mailed_code()


@ON_POSTGRESQL
async def test_registering_if_the_commit_fails(make_api: MakeApi) -> None:
    """Only PostgreSQL can be made to fail at a commit."""
    api = await make_api(limit_create_account_email="1/day")

    async with _full_at_the_commit("registration"):
        refused = [await api.send("CreateAccount", {"input": REGISTRATION}) for _ in range(2)]

    assert [response.status_code for response in refused] == [503, 503]
    assert (await api.act("CreateAccount", **REGISTRATION))["__typename"] == "CreateAccountSuccess"


async def test_recovering_a_password_with_the_same_captcha(api: Api) -> None:
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
        for _ in range(2):
            await _fails(api, "Login", email=EMAIL, password=PASSWORD)

    assert [streak.count for streak in await FailureStreak.all()] == [0]
    assert await api.token()


async def test_changing_the_password(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(limit_current_password="1/15 minutes"))

    async with _without("mailed_password"):
        await _fails(me, "ChangePassword", **PASSWORD_CHANGE)

    assert (await me.act("ChangePassword", **PASSWORD_CHANGE))["__typename"] == "ChangePasswordSuccess"


async def test_paying(make_api: MakeApi, paypal: PayPalServer) -> None:
    ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="3/hour"))

    async with _without("payment"):
        await _fails(ana, "RequestBankDeposit", planId=PLAN)
        await _fails(ana, "StartPayPalPayment", planId=PLAN)
    requested = await ana.act("RequestBankDeposit", planId=PLAN)
    order_id = await start(ana)
    paypal.approve(order_id)
    async with _without("payment"):
        await _fails(ana, "CompletePayPalPayment", orderId=order_id)
    completed = await ana.act("CompletePayPalPayment", orderId=order_id)

    assert requested["__typename"] == "RequestBankDepositSuccess"
    assert completed["__typename"] == "CompletePayPalPaymentSuccess"
    assert (await ana.act("StartPayPalPayment", planId=PLAN))["__typename"] == "TooManyAttemptsError"


@asynccontextmanager
async def _crowd(hasher: Hasher) -> AsyncIterator[None]:
    """Keeps the hasher's queue full."""

    async def keep_hashing() -> None:
        while True:
            await hasher.hash(NEW_PASSWORD)

    tasks = [asyncio.create_task(keep_hashing()) for _ in range(hasher._free)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@ON_SQLITE
async def test_a_full_queue_of_the_hasher(make_api: MakeApi) -> None:
    limits = {"limit_login_failures": "1/15 minutes", "limit_current_password": "1/15 minutes"}
    api = await make_api(**limits, argon2_memory_kib=19_456)
    me = await signed_in(api)
    caller = Caller(ip_address("203.0.113.9"), credential=me.headers["authorization"].removeprefix("Bearer "))
    services = api.composition.services

    async with _crowd(services.passwords.hasher):
        login = await services.login.login(caller, LoginForm(EMAIL, PASSWORD), None)
        change = await services.passwords.change(caller, PasswordForm(PASSWORD, NEW_PASSWORD, NEW_PASSWORD))

    assert (login, change) == (TooManyAttempts(2), TooManyAttempts(2))
    assert await api.token()
    assert (await me.act("ChangePassword", **PASSWORD_CHANGE))["__typename"] == "ChangePasswordSuccess"
