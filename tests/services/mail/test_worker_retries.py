"""A mail that a server does not accept at once."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.limit_counter import LimitCounter
from services.common.clock import utc_now
from services.common.outages import Outages, Part
from services.common.secrets import digest
from services.mail import outbox
from services.mail.outbox import MailKind
from services.mail.site import Site
from tests.smtp_servers import (
    Received,
    ScriptedServer,
    SoundServer,
    Stage,
    Trouble,
    make_account,
    make_deliverer,
    make_due,
    make_registration,
)

pytestmark = pytest.mark.usefixtures("database")

EMAIL = "ana@example.com"


async def owe_code() -> None:
    await outbox.enqueue_for_registration(MailKind.CONFIRMATION, EMAIL, await make_registration(EMAIL))


def code_in(content: bytes) -> str:
    found = re.search(r"\b[2-9A-Z]{40}\b", Received("", (), content).text)
    assert found
    return found.group()


async def test_a_refused_recipient_is_recorded_and_no_code_is_generated(scripted: ScriptedServer) -> None:
    await owe_code()
    scripted.script[Stage.RCPT] = "550 5.1.1 nobody here"

    await make_deliverer(scripted.port).deliver_due()

    row = await Delivery.get()
    assert (row.outcome, row.reason, row.pending_key) == ("refused", "550 5.1.1 nobody here", None)
    assert row.finished_at
    assert await ConfirmationCode.all().count() == 0


async def test_an_outage_of_the_server_is_logged_once_and_so_is_its_end(scripted: ScriptedServer) -> None:
    outages = Outages([Part("smtp", "smtp.example.mx:25")])
    deliverer = make_deliverer(scripted.port, outages=outages)
    for name in ("ana", "eva"):
        await outbox.enqueue_for_registration(
            MailKind.CONFIRMATION, f"{name}@example.com", await make_registration(f"{name}@example.com")
        )

    with capture_logs() as logs:
        for stage, reply in [(Stage.GREETING, "421 4.3.2 closed"), (Stage.MAIL, "451 4.7.1 not now")]:
            scripted.script = {stage: reply}
            await deliverer.deliver_due()
            await make_due()
        scripted.script = {Stage.RCPT: "451 4.2.1 greylisted"}
        await deliverer.deliver_due()
        await make_due()
        scripted.script = {}
        await deliverer.deliver_due()

    told = [(entry["event"], entry["log_level"]) for entry in logs if entry["event"] != "mail delivered"]
    assert told == [
        ("outage began", "error"),
        *[("mail deferred", "info")] * 4,
        *[("mail deferred", "warning")] * 2,
        ("outage ended", "warning"),
    ]
    assert "4.3.2 closed" in logs[0]["reason"]


async def test_a_refused_text_is_recorded_without_what_it_quotes(scripted: ScriptedServer) -> None:
    await owe_code()
    scripted.script[Stage.CONTENT] = "554 5.7.1 looks like spam: code"

    await make_deliverer(scripted.port).deliver_due()

    row = await Delivery.get()
    assert (row.outcome, row.reason) == ("refused", "554 5.7.1")


async def test_a_greylisted_mail_is_retried_and_arrives_once_with_the_only_code(scripted: ScriptedServer) -> None:
    await owe_code()
    scripted.script[Stage.RCPT] = "451 4.7.1 greylisted"
    mail_worker = make_deliverer(scripted.port)

    await mail_worker.deliver_due()
    waiting, generated = await Delivery.get(), await ConfirmationCode.all().count()
    await mail_worker.deliver_due()  # not due yet
    scripted.script.clear()
    await make_due()
    await mail_worker.deliver_due()
    await make_due()
    await mail_worker.deliver_due()

    assert (waiting.lease, waiting.outcome, waiting.reason) == (None, None, "451 4.7.1 greylisted")
    assert timedelta(seconds=5) < waiting.due_at - utc_now() < timedelta(seconds=23)
    assert generated == 0
    (content,) = scripted.contents
    assert (await ConfirmationCode.get()).digest == digest(code_in(content))
    assert ((await Delivery.get()).outcome, (await Delivery.get()).attempts) == ("delivered", 2)


async def test_a_retry_after_the_text_sends_another_code_and_both_are_valid(sound: SoundServer) -> None:
    await owe_code()
    contents: list[bytes] = []

    async def fail_once(content: bytes) -> str:
        contents.append(content)
        return "451 4.3.0 later" if len(contents) == 1 else "250 OK"

    sound.on_content = fail_once

    await make_deliverer(sound.port).deliver_due()
    await make_due()
    await make_deliverer(sound.port).deliver_due()

    first, second = map(code_in, contents)
    assert first != second
    good = ConfirmationCode.filter(expires_at__gt=utc_now() + timedelta(hours=23))
    assert {code.digest for code in await good} == {digest(first), digest(second)}
    assert len(sound.mails) == 1


async def test_a_mail_arrives_once_after_a_server_disconnected(scripted: ScriptedServer) -> None:
    stages = [Stage.GREETING, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT]
    await owe_code()
    mail_worker = make_deliverer(scripted.port)

    for stage in stages:
        scripted.script = {stage: Trouble.DISCONNECT}
        await mail_worker.deliver_due()
        await make_due()
    scripted.script = {}
    await mail_worker.deliver_due()

    assert len(scripted.contents) == 1
    row = await Delivery.get()
    assert (row.outcome, row.attempts) == ("delivered", len(stages) + 1)


async def test_a_mail_arrives_once_after_a_server_was_stopped(scripted: ScriptedServer) -> None:
    await owe_code()
    await scripted.stop()
    await make_deliverer(scripted.port).deliver_due()
    reason = (await Delivery.get()).reason

    await scripted.start()
    await make_due()
    await make_deliverer(scripted.port).deliver_due()

    assert reason
    assert reason.startswith("SMTPConnectError")
    assert len(scripted.contents) == 1


async def test_a_refused_mail_does_not_delay_the_others(sound: SoundServer) -> None:
    for address in ("no@example.com", "yes@example.com"):
        await make_account(address)
        await outbox.enqueue(MailKind.PASSWORD_CHANGED, address)

    async def refuse_one(address: str) -> str:
        return "550 5.1.1 nobody here" if address == "no@example.com" else "250 OK"

    sound.on_recipient = refuse_one

    await make_deliverer(sound.port).deliver_due()

    assert [mail.recipients for mail in sound.mails] == [("yes@example.com",)]


async def test_after_24_hours_a_mail_expires_with_its_last_reason(scripted: ScriptedServer) -> None:
    await owe_code()
    scripted.script[Stage.RCPT] = "451 4.7.1 still greylisted"
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=24, minutes=1))

    await make_deliverer(scripted.port).deliver_due()

    row = await Delivery.get()
    assert (row.outcome, row.reason, row.pending_key) == ("expired", "451 4.7.1 still greylisted", None)


async def test_before_24_hours_a_mail_does_not_expire(scripted: ScriptedServer) -> None:
    await owe_code()
    scripted.script[Stage.RCPT] = "451 4.7.1 still greylisted"
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=23, minutes=59), attempts=50)

    await make_deliverer(scripted.port).deliver_due()

    row = await Delivery.get()
    assert (row.outcome, row.lease) == (None, None)
    assert timedelta(minutes=29) < row.due_at - utc_now() < timedelta(minutes=90)


async def test_a_reply_that_is_no_text_is_recorded(scripted: ScriptedServer) -> None:
    replies = {b"550 5.1.1 usuario no v\xe1lido": "refused", b"550 5.1.1 nobody\0here": "refused", b"450 \xe1\0": None}

    for reply, outcome in replies.items():
        await owe_code()
        scripted.script[Stage.RCPT] = reply

        with suppress(Exception):  # the row shows it; pytest-xdist cannot report a lone surrogate
            await make_deliverer(scripted.port).deliver_due()

        row = await Delivery.get()
        assert (row.outcome, row.lease) == (outcome, None)
        assert row.reason
        assert row.reason.startswith(reply[:3].decode())
        await row.delete()


async def test_a_mail_that_cannot_be_composed_waits_for_correct_settings(sound: SoundServer) -> None:
    await owe_code()
    broken = Site("Timbrado", "https://app.example.com", "no address")

    await make_deliverer(sound.port, site=broken).deliver_due()

    row = await Delivery.get()
    assert (row.outcome, row.lease) == (None, None)
    assert row.reason
    assert row.due_at > utc_now() + timedelta(seconds=5)
    assert await ConfirmationCode.all().count() == 0
    assert sound.mails == []


async def test_a_mail_that_cannot_be_composed_expires_after_24_hours(sound: SoundServer) -> None:
    await owe_code()
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=24, minutes=1))
    broken = Site("Timbrado", "https://app.example.com", "no address")

    await make_deliverer(sound.port, site=broken).deliver_due()

    row = await Delivery.get()
    assert row.outcome == "expired"
    assert row.reason


async def test_the_mail_limit_postpones_a_mail_to_the_end_of_its_window(sound: SoundServer) -> None:
    await make_account(EMAIL)
    for kind in (MailKind.PASSWORD_CHANGED, MailKind.MAILED_PASSWORD_USED, MailKind.SIGN_IN_CLOSED):
        await outbox.enqueue(kind, EMAIL)
    mail_worker = make_deliverer(sound.port, mail_limit="2/day")

    await mail_worker.deliver_due()

    postponed = await Delivery.get(pending_key__isnull=False)
    assert (len(sound.mails), postponed.reason, postponed.lease) == (2, "mail limit", None)
    assert timedelta(hours=23) < postponed.due_at - utc_now() <= timedelta(hours=24, seconds=1)
    await LimitCounter.all().update(expires_at=0)
    await make_due()
    await mail_worker.deliver_due()
    assert len(sound.mails) == 3


async def test_the_mail_limit_of_one_email_does_not_affect_another(sound: SoundServer) -> None:
    for address in (EMAIL, "eva@example.com"):
        await make_account(address)
        await outbox.enqueue(MailKind.PASSWORD_CHANGED, address)

    await make_deliverer(sound.port, mail_limit="1/day").deliver_due()

    assert len(sound.mails) == 2


async def test_a_mail_counts_once_however_often_it_is_tried(scripted: ScriptedServer) -> None:
    await make_account(EMAIL)
    mail_worker = make_deliverer(scripted.port, mail_limit="2/day")
    await outbox.enqueue(MailKind.PASSWORD_CHANGED, EMAIL)
    scripted.script[Stage.RCPT] = "451 4.7.1 greylisted"
    for _ in range(4):
        await mail_worker.deliver_due()
        await make_due()
    scripted.script.clear()
    await mail_worker.deliver_due()

    for kind in (MailKind.MAILED_PASSWORD_USED, MailKind.SIGN_IN_CLOSED):
        await outbox.enqueue(kind, EMAIL)
    await mail_worker.deliver_due()

    assert len(scripted.contents) == 2


async def test_a_request_for_an_unknown_email_does_not_count(sound: SoundServer) -> None:
    await outbox.enqueue(MailKind.RECOVERY, EMAIL)

    await make_deliverer(sound.port).deliver_due()

    assert await LimitCounter.all().count() == 0


async def test_a_cancelled_worker_releases_its_mail(scripted: ScriptedServer) -> None:
    await owe_code()
    for stage in (Stage.GREETING, Stage.RCPT, Stage.CONTENT):
        scripted.script = {stage: Trouble.HANG}
        worker = asyncio.create_task(make_deliverer(scripted.port).deliver_due())
        await scripted.reached(stage)

        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

        assert worker.cancelled()
        assert (await Delivery.get()).lease is None
    scripted.script = {}
    await make_deliverer(scripted.port).deliver_due()
    assert len(scripted.contents) == 1
