"""Requests that are cancelled, hundreds of times, leave no transaction, lock or connection behind."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from tortoise.connection import get_connection

from app.settings import Settings
from models.failure_streak import FailureStreak
from models.sql import fetch
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD
from tests.models.test_cancellation import WORK, Work, assert_unlocked, cancel_every

CANCELLATIONS = 500
STEPS = 7  # of the event loop between two cancellations of the same request
AT_ONCE = 10
MAX_SECONDS = 0.06  # until a cancellation; of ten operations at once, each takes 5 to 30 ms
LIMITS = [name for name in Settings.model_fields if name.startswith("limit_")]

_BUSY = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'
"""

_numbers = count()


async def _create(api: Api) -> None:
    await api.register(email=f"eva{next(_numbers)}@example.com")


async def _resend(api: Api) -> None:
    await api.act("ResendConfirmationCode", email=f"eva{next(_numbers)}@example.com")


async def _confirm(api: Api) -> None:
    await api.act("ConfirmAccount", code="A" * 40)


async def _sign_in(api: Api) -> None:
    await api.act("Login", email=EMAIL, password=PASSWORD)


async def _guess(api: Api) -> None:
    await api.act("Login", email=EMAIL, password="no es mi clave")


async def _recover(api: Api) -> None:
    captcha_id, solution = await api.captcha()
    await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": solution.digits})


async def _change(api: Api) -> None:
    form = {"currentPassword": "no es mi clave", "newPassword": "otra frase larga"}
    await api.act("ChangePassword", **form, newPasswordConfirmation=form["newPassword"])


async def _read(api: Api) -> None:
    await api.run("Me")


async def _revoke(api: Api) -> None:
    await api.act("RevokeSession", id="00000000-0000-0000-0000-000000000000")


async def _send_mails(api: Api) -> None:
    await api.composition.mail_worker.deliver_due()


WORKS: list[Callable[[Api], Awaitable[None]]] = [
    _create,
    _resend,
    _confirm,
    _sign_in,
    _guess,
    _recover,
    _change,
    _read,
    _revoke,
    _send_mails,
]


async def test_nothing_is_left_locked_or_connected(make_api: MakeApi) -> None:
    api = await make_api(**dict.fromkeys(LIMITS, "1000000/second"))
    await api.account()
    api = api.signed_in(await api.token())
    chance = random.Random(7)
    cancelled = 0

    async def cancel_some() -> None:
        nonlocal cancelled
        while cancelled < CANCELLATIONS:
            task = asyncio.ensure_future(chance.choice(WORKS)(api))
            await asyncio.wait({task}, timeout=chance.uniform(0, MAX_SECONDS))
            cancelled += task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(240):
        await asyncio.gather(*(cancel_some() for _ in range(AT_ONCE)))

    await assert_unlocked()
    await _assert_connections_are_back()
    await FailureStreak.all().delete()  # cancelled attempts stay counted
    for work in WORKS:
        await asyncio.wait_for(work(api), 10)


@pytest.mark.parametrize("work", WORK)
async def test_no_transaction_is_left_open_at_any_step(make_api: MakeApi, work: Work) -> None:
    await cancel_every(STEPS, make_api, work)


async def _assert_connections_are_back() -> None:
    """Waits for backends whose connection was dropped, which notice it at the end of their statement."""
    connection: Any = get_connection("default")
    if connection.capabilities.dialect != "postgres":
        return
    pool = connection._pool
    async with asyncio.timeout(5):
        taken = [await pool.take() for _ in range(pool.get_max_size())]  # cancelled requests may still hold some
    for each in taken:
        await pool.give_back(each, failed=False)
    async with asyncio.timeout(5):
        while await fetch(_BUSY):
            await asyncio.sleep(0.1)
