"""exportAccount, the mail with its link, and what the link answers."""

import asyncio
import errno
import re
from datetime import timedelta
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.requests import EXCHANGE
from models.account import Account
from models.audit_event import AuditEvent
from models.delivery import Delivery
from models.export_link import ExportLink
from models.session import Session
from services.accounts.revocation import revoke_everything
from services.cleanup import Cleanup
from services.common.caller import Caller
from services.common.clock import utc_now
from services.support import data_export
from services.support.data_export import SENDING_SECONDS
from tests.actors import OPERATOR
from tests.api import Api, found
from tests.conftest import MakeApi
from tests.exports import everything, tables
from tests.forms import EMAIL, NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE
from tests.stores import ON_EVERY_LIMIT_STORAGE, ON_SQLITE

UNKNOWN = "A" * 40


@pytest.fixture
async def me(api: Api) -> Api:
    """Somebody who has just signed in."""
    await api.confirmed()
    return api.signed_in(await api.token())


async def _code(me: Api) -> str:
    """Asks for the link, and returns its code."""
    asked = await me.run("ExportAccount")
    assert asked["__typename"] == "ExportAccountSuccess", asked
    return await me.mailed_code()


async def _download(api: Api, token: str, **headers: str) -> httpx2.Response:
    return await api.http.post("/exports", data={"token": token}, headers=headers)


async def test_the_mail_leads_to_everything_that_is_kept(me: Api) -> None:
    asked = await me.run("ExportAccount")
    (mail,) = await me.mails()
    code = found(r"(?<=/exports#)[2-9A-Z]{40}\b", mail)

    answer = await _download(me, code)

    assert (asked["__typename"], asked["email"], asked["linkSeconds"]) == ("ExportAccountSuccess", EMAIL, 3600)
    assert mail["to"] == EMAIL
    assert found("una hora", mail)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(
        r'attachment; filename="account-data-\d{4}-\d\d-\d\d\.zip"', answer.headers["content-disposition"]
    )
    assert "access-control-allow-origin" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert tables(answer.content)["account"][0]["email"] == EMAIL


async def test_neither_the_zip_nor_the_database_has_the_code_or_its_digest(me: Api) -> None:
    code = await _code(me)
    link = await ExportLink.get()

    content = (await _download(me, code)).content

    assert link.digest != code
    assert [secret for secret in (code, link.digest) if secret in everything(content)] == []


async def test_a_link_works_once(me: Api) -> None:
    code = await _code(me)

    answers = [await _download(me, code) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 410]
    assert await ExportLink.all().count() == 0
    assert "ya se usó" in answers[1].json()["errors"][0]["message"]


async def test_of_several_at_once_one_gets_the_file(me: Api) -> None:
    code = await _code(me)

    answers = await asyncio.gather(*(_download(me, code) for _ in range(5)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 410}
    assert await AuditEvent.filter(kind="export_downloaded").count() == 1


async def test_the_code_is_found_in_the_link_and_however_it_is_typed(me: Api) -> None:
    code = await _code(me)

    answer = await _download(me, f" https://cuentas.example.mx/exports#{code.lower()} ")

    assert answer.status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    "token", ["", "x", UNKNOWN, "ñ" * 40, "\0", "\ud800".encode("utf-8", "surrogatepass"), "2" * 9000]
)
async def test_what_is_no_code_opens_nothing(me: Api, token: Any) -> None:
    await _code(me)

    answer = await _download(me, token)

    assert answer.status_code == 410
    assert await ExportLink.filter(claimed_until=None).count() == 1


@ON_SQLITE
@pytest.mark.parametrize("body", [b"\xff\xfe", b"token", b"", b"&".join([b"a=1"] * 50), b"x" * 20_000])
async def test_what_is_no_form_is_refused(me: Api, body: bytes) -> None:
    assert (await me.http.post("/exports", content=body)).status_code in {400, 410, 413}


async def test_a_link_lives_an_hour_from_the_mail_on(me: Api) -> None:
    code = await _code(me)
    lives = (await ExportLink.get()).expires_at - utc_now()
    await ExportLink.all().update(expires_at=utc_now())

    expired = await _download(me, code)
    await Cleanup().clean_up()

    assert timedelta(minutes=59) < lives <= timedelta(hours=1)
    assert expired.status_code == 410
    assert await ExportLink.all().count() == 0


async def test_a_new_link_takes_the_place_of_an_earlier_one(me: Api) -> None:
    first = await _code(me)
    second = await _code(me)

    assert [(await _download(me, code)).status_code for code in (first, second)] == [410, 200]


async def test_a_mail_that_waits_is_replaced(me: Api) -> None:
    await asyncio.gather(*(me.run("ExportAccount") for _ in range(3)))

    assert len(await me.mails()) == 1


async def test_a_session_alone_is_not_enough(me: Api) -> None:
    await Session.all().update(proved_at=None)

    refused = await me.run("ExportAccount")
    await me.act("Reauthenticate", password=PASSWORD)

    assert refused["__typename"] == "ReauthenticationRequiredError"
    assert (await me.run("ExportAccount"))["__typename"] == "ExportAccountSuccess"


@ON_SQLITE
async def test_strangers_and_mailed_passwords_get_nothing(api: Api, me: Api) -> None:
    restricted = api.signed_in(await api.token(password=await api.recover()))

    stranger, mailed = await api.run("ExportAccount"), await restricted.run("ExportAccount")

    assert (stranger["__typename"], mailed["__typename"]) == ("NotAuthenticatedError", "PasswordChangeRequiredError")
    assert await Delivery.filter(kind="data_export").count() == 0


@ON_EVERY_LIMIT_STORAGE
async def test_there_are_three_a_day(me: Api) -> None:
    asked = [(await me.run("ExportAccount"))["__typename"] for _ in range(4)]

    assert asked == ["ExportAccountSuccess"] * 3 + ["TooManyAttemptsError"]


@ON_EVERY_LIMIT_STORAGE
async def test_tries_are_limited_by_client(make_api: MakeApi) -> None:
    api = await make_api(limit_download_export="2/hour")

    answers = [await _download(api, UNKNOWN) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [410, 410, 429]
    assert 3_000 < int(answers[2].headers["retry-after"]) <= 3_600


async def test_the_owner_sees_who_asked_and_that_it_was_downloaded(me: Api) -> None:
    code = await _code(me)
    await _download(me, code, **{"user-agent": "a browser"})

    happened = (await me.run("SecurityEvents", {}))["securityEvents"]["edges"]

    shown = [(each["node"]["kind"], each["node"]["actor"], each["node"]["userAgent"]) for each in happened]
    assert shown[0] == ("EXPORT_DOWNLOADED", "OWNER", "a browser")
    assert shown[1][:2] == ("EXPORT_REQUESTED", "OWNER")


@pytest.mark.parametrize("act", ["password", "recovery", "email", "reset", "reset of all"])
async def test_a_link_ends_with_what_let_somebody_ask_for_it(me: Api, act: str) -> None:
    code = await _code(me)
    await me.run("ExportAccount")  # and this mail waits

    match act:
        case "password":
            await me.act("ChangePassword", **PASSWORD_CHANGE)
            assert await me.token(password=NEW_PASSWORD)
        case "recovery":
            await Delivery.filter(kind="data_export").delete()
            await me.token(password=await me.recover())
        case "reset":
            await me.composition.services.passwords.force_reset(OPERATOR, EMAIL)
            assert await me.mails() == []
        case "reset of all":
            assert [done.accounts async for done in revoke_everything(OPERATOR, passwords=True)] == [1]
            assert await me.mails() == []
        case _:
            await me.act("ChangeEmail", email="nueva@example.com")
            mails = await me.mails()
            (mail,) = [each for each in mails if each["to"] == "nueva@example.com"]
            await me.act("ConfirmEmail", code=found(r"\b[2-9A-Z]{40}\b", mail))

    assert (await _download(me, code)).status_code == 410
    assert await ExportLink.all().count() == 0
    assert await Delivery.filter(kind="data_export", pending_key__isnull=False).count() == 0


async def test_a_link_goes_with_the_account(me: Api) -> None:
    code = await _code(me)
    await Account.all().delete()

    assert (await _download(me, code)).status_code == 410


async def test_a_file_that_cannot_be_written_leaves_the_link(me: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await _code(me)

    async def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(type(me.composition.personal_data), "write", fail)
        failed = await _download(me, code)

    assert failed.status_code == 503
    assert (await _download(me, code)).status_code == 200


async def test_a_file_that_takes_too_long_leaves_the_link(me: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await _code(me)

    with monkeypatch.context() as slow:
        slow.setattr(data_export, "_BUILD_SECONDS", 0)
        failed = await _download(me, code, accept="text/html")

    assert failed.status_code == 503
    assert "El enlace todavía sirve" in failed.text
    assert (await _download(me, code)).status_code == 200


@pytest.mark.parametrize("stores", ["sqlite", "postgresql"])  # redis-py sometimes ignores that it is canceled
async def test_a_request_that_is_canceled_gives_the_link_back(me: Api) -> None:
    """As when the process stops, at whatever moment after the claim."""
    code = await _code(me)
    exports, caller = me.composition.services.data_export, Caller(ip_address("127.0.0.1"))

    async def open_and_wait() -> None:
        async with exports.open(caller, code):
            await asyncio.sleep(10)

    for milliseconds in range(0, 60, 12):
        opening = asyncio.create_task(open_and_wait())
        while not await ExportLink.exclude(claimed_until=None).exists():
            await asyncio.sleep(0)
        await asyncio.sleep(milliseconds / 1000)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        assert (await ExportLink.get()).claimed_until is None

    assert (await _download(me, code)).status_code == 200


async def test_a_connection_that_is_lost_with_a_chunk_gives_the_link_back(me: Api) -> None:
    """The server learns of it in the loop's next turn, and takes every chunk until then."""
    code = await _code(me)
    transport: Any = me.http._transport
    app = transport.app

    async def losing(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = SimpleNamespace(disconnected=False, more_body=False)

        async def send_and_lose(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send({**message, "headers": []})
            else:
                asyncio.get_running_loop().call_soon(setattr, exchange, "disconnected", True)

        await app({**scope, EXCHANGE: exchange}, receive, send_and_lose)
        await send({"type": "http.response.body", "body": b""})

    transport.app = losing
    await _download(me, code)
    transport.app = app

    assert (await ExportLink.get()).claimed_until is None
    assert (await _download(me, code)).status_code == 200


async def test_the_link_of_a_killed_request_works_again(me: Api) -> None:
    code = await _code(me)
    await ExportLink.all().update(claimed_until=utc_now() + timedelta(seconds=SENDING_SECONDS))
    busy = await _download(me, code)
    await ExportLink.all().update(claimed_until=utc_now())

    assert busy.status_code == 409
    assert SENDING_SECONDS - 10 < int(busy.headers["retry-after"]) <= SENDING_SECONDS
    assert (await _download(me, code)).status_code == 200


async def test_the_page_may_be_the_apps(make_api: MakeApi) -> None:
    api = await make_api(export_url="https://app.example.mx/datos#{code}")
    await api.confirmed()
    me = api.signed_in(await api.token())
    await me.run("ExportAccount")

    (mail,) = await me.mails()

    assert found(r"https://app\.example\.mx/datos#[2-9A-Z]{40}", mail)
