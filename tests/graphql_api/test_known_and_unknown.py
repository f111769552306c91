"""What an answer's time could tell of an e-mail: the same statements run whether it has an account or not."""

import logging
from collections.abc import Awaitable, Callable

import pytest

from tests.api import EMAIL, Api
from tests.conftest import MakeApi

Ask = Callable[[Api, str], Awaitable[None]]

EMAILS = (EMAIL, "eva@example.com", "nadie@example.com")  # an account's, a registration's and nobody's


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    api = await make_api(limit_resend_email="20/day")
    await api.account()
    await api.register(email="eva@example.com")
    await api.mails()
    return api


async def _recover(api: Api, email: str) -> None:
    captcha_id, solution = await api.captcha()
    await api.act("RecoverPassword", email=email, captcha={"id": captcha_id, "answer": solution.digits})


async def _resend(api: Api, email: str) -> None:
    await api.act("ResendConfirmationCode", email=email)


async def _fail_to_sign_in(api: Api, email: str) -> None:
    await api.act("Login", email=email, password="no es mi clave")


@pytest.mark.parametrize("ask", [_recover, _resend, _fail_to_sign_in])
async def test_the_same_statements_run_for_any_e_mail(api: Api, caplog: pytest.LogCaptureFixture, ask: Ask) -> None:
    statements = []

    for email in EMAILS:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
            await ask(api, email)
        statements.append([record.args[0] for record in caplog.records if isinstance(record.args, tuple)])

    assert len(statements[0]) > 2
    assert statements[0] == statements[1] == statements[2]
