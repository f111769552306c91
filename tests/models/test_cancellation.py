"""A request that is cancelled at any step leaves nothing behind that blocks the next."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise.connection import get_connection

from models.failure_streak import FailureStreak
from services.mail.outbox import MailKind, enqueue
from tests.api import Api
from tests.cancellation import cancelled_after
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD

MAX_COUNT = 4_000


async def _create(api: Api) -> None:
    await api.register(email="eva@example.com")


async def _login(api: Api) -> None:
    await api.act("Login", email=EMAIL, password=PASSWORD)


async def _enqueue(_: Api) -> None:
    await enqueue(MailKind.PASSWORD_CHANGED, EMAIL)


Work = Callable[[Api], Awaitable[None]]
WORK: list[Work] = [_create, _login, _enqueue]


@pytest.mark.parametrize(("every", "work"), list(zip((11, 11, 3), WORK, strict=True)))
async def test_no_transaction_is_left_open(make_api: MakeApi, every: int, work: Work) -> None:
    await cancel_every(every, make_api, work)


async def cancel_every(every: int, make_api: MakeApi, work: Work) -> None:
    """Cancels the work after ever more steps of the event loop, `every` at a time, until it is done before that."""
    generous = dict.fromkeys(("limit_login", "limit_login_captcha", "limit_login_failures"), "100000/hour")
    generous |= dict.fromkeys(("limit_create_account", "limit_create_account_captcha"), "100000/hour")
    generous |= dict.fromkeys(("limit_create_account_email", "limit_create_account_email_client"), "100000/hour")
    api = await make_api(**generous)
    await api.account()
    steps = every

    while await cancelled_after(steps, work(api)) and steps < MAX_COUNT:
        await assert_unlocked()
        steps += every

    await FailureStreak.all().delete()  # a cancelled attempt stays counted
    await asyncio.wait_for(api.token(), 10)
    assert steps > every


async def assert_unlocked() -> None:
    """Another process can write once the statements that are already under way have ended."""
    connection: Any = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        await asyncio.to_thread(_write, connection.filename)


def _write(file: str) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=2)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
