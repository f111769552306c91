"""The mails about sign-ins that may be a stranger's."""

import asyncio
import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.delivery import Delivery
from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from services.accounts.sign_ins import MANY_FAILURES, MAX_MAILS
from services.common.clock import utc_now
from services.mail import queue
from tests.actors import OPERATOR
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, WRONG_PASSWORD

NEW_DEVICE = "Nuevo acceso a tu cuenta de Timbrado"
AFTER_FAILURES = "Acceso a tu cuenta de Timbrado después de varios intentos fallidos"
HOME = "203.0.113.9"
ABROAD = "198.51.100.7"
LAPTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1 <b>x</b>"


async def sign_in(api: Api, address: str, user_agent: str, password: str = PASSWORD, **more: Any) -> Any:
    headers = {"x-forwarded-for": address, "user-agent": user_agent}
    return await api.run("Login", {"input": {"email": EMAIL, "password": password, **more}}, headers)


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


async def subjects(api: Api) -> list[str]:
    return [mail["Subject"] for mail in await api.mails()]


@pytest.fixture
async def ana(make_api: MakeApi) -> Api:
    """An account that has signed in at home with the laptop."""
    api = await make_api(trusted_proxies=1)
    await api.account()
    await sign_in(api, HOME, LAPTOP)
    return api


async def test_the_first_sign_in_is_silent_and_so_are_the_next_ones_like_it(ana: Api) -> None:
    await sign_in(ana, HOME, LAPTOP)
    await sign_in(ana, "203.0.113.77", LAPTOP.replace("140", "141"))

    assert await subjects(ana) == []


async def test_the_first_sign_in_since_devices_are_remembered_is_silent(ana: Api) -> None:
    await KnownNetwork.all().delete()
    await Account.all().update(devices_known=False)
    await sign_in(ana, HOME, LAPTOP)
    await sign_in(ana, HOME, LAPTOP)

    assert await subjects(ana) == []


@pytest.mark.parametrize(("address", "user_agent"), [(ABROAD, LAPTOP), (HOME, PHONE), (ABROAD, PHONE)])
async def test_a_new_network_or_device_is_told_once(ana: Api, address: str, user_agent: str) -> None:
    await sign_in(ana, address, user_agent)
    await sign_in(ana, address, user_agent)

    assert await subjects(ana) == [NEW_DEVICE]


async def test_the_mail_says_when_and_from_what_device_in_words_of_ours(ana: Api) -> None:
    await sign_in(ana, ABROAD, PHONE)
    kept = str(await Delivery.all().values())
    (mail,) = await ana.mails()

    assert "Safari" in text(mail)
    assert "iPhone" in text(mail)
    assert re.search(r"\d de \w+ de \d{4}, \d{2}:\d{2}", text(mail))
    assert "cámbiala" in text(mail)
    assert [part for part in ("Mozilla", "<b>", ABROAD) if part in text(mail) or part in kept] == []


async def test_it_is_in_the_language_of_the_account(ana: Api) -> None:
    await Account.all().update(language="en")
    await sign_in(ana, ABROAD, "curl/8")
    (mail,) = await ana.mails()

    assert mail["Subject"] == "New sign-in to your account at Timbrado"
    assert "Browser" not in text(mail)


async def test_a_success_after_many_failures_is_told_and_wins(ana: Api) -> None:
    await sign_in(ana, ABROAD, PHONE, WRONG_PASSWORD)
    await FailureStreak.all().update(count=MANY_FAILURES)
    await sign_in(ana, ABROAD, PHONE)
    (mail,) = await ana.mails()

    assert mail["Subject"] == AFTER_FAILURES
    assert re.search(rf"Intentos fallidos.*\n\s+{MANY_FAILURES}\n", text(mail))
    assert [event.detail for event in await AuditEvent.filter(kind="signed_in").order_by("at")] == [
        None,
        "after failures",
    ]


async def test_fewer_failures_and_failures_of_strangers_are_not_told(ana: Api) -> None:
    await sign_in(ana, HOME, LAPTOP, WRONG_PASSWORD)
    await FailureStreak.all().update(count=MANY_FAILURES - 1)
    await sign_in(ana, HOME, LAPTOP)
    await sign_in(ana, ABROAD, PHONE, WRONG_PASSWORD)
    await FailureStreak.all().update(count=MANY_FAILURES)
    await sign_in(ana, HOME, LAPTOP)

    assert await subjects(ana) == []


async def test_a_mailed_password_gets_no_second_mail(ana: Api) -> None:
    mailed = await ana.recover()
    await sign_in(ana, ABROAD, PHONE, mailed)

    assert await subjects(ana) == ["Se usó la clave que te enviamos de Timbrado"]


async def test_of_two_sign_ins_at_once_one_is_told(ana: Api) -> None:
    answers = await asyncio.gather(sign_in(ana, ABROAD, PHONE), sign_in(ana, ABROAD, PHONE))

    assert {answer["__typename"] for answer in answers} == {"LoginSuccess"}
    assert await subjects(ana) == [NEW_DEVICE]


async def test_each_of_several_devices_is_told_but_not_without_end(ana: Api) -> None:
    for number in range(MAX_MAILS + 2):
        await sign_in(ana, f"198.51.{number}.7", PHONE)
    at_first = await subjects(ana)
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=1))
    await sign_in(ana, "192.0.2.1", PHONE)

    assert at_first == [NEW_DEVICE] * MAX_MAILS
    assert await subjects(ana) == [NEW_DEVICE]


async def test_those_that_failed_can_each_be_sent_again(ana: Api) -> None:
    for number in range(2):
        await sign_in(ana, f"198.51.{number}.7", PHONE)
    about = Delivery.filter(kind="new_device")
    await about.update(pending_key=None, finished_at=utc_now(), outcome="expired")
    retried = [await queue.retry(OPERATOR, mail.id) for mail in await about]

    assert all(retried)
    assert await subjects(ana) == [NEW_DEVICE] * 2
