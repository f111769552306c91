"""The mail worker as it runs in a process."""

import asyncio
from collections import Counter

import pytest
from structlog.testing import capture_logs
from tortoise.connection import get_connection

from models.delivery import Delivery
from services.common.heartbeat import Turns
from services.mail import outbox
from services.mail.claims import Claims
from services.mail.outbox import MailKind
from tests.smtp_servers import (
    ScriptedServer,
    SoundServer,
    Stage,
    eventually,
    make_account,
    make_deliverer,
)

pytestmark = pytest.mark.usefixtures("database")

EMAIL = "ana@example.com"


async def enqueue(address: str = EMAIL) -> None:
    await make_account(address)
    await outbox.enqueue(MailKind.PASSWORD_CHANGED, address)


async def all_is_sent() -> bool:
    return not await Delivery.filter(pending_key__isnull=False).exists()


async def test_mails_leave_while_the_worker_runs_and_it_stops_on_request(sound: SoundServer) -> None:
    stopped = asyncio.Event()
    worker = asyncio.create_task(make_deliverer(sound.port).run(stopped, Turns()))
    await enqueue()
    await eventually(all_is_sent)

    stopped.set()
    await asyncio.wait_for(worker, 1)

    assert len(sound.mails) == 1
    await outbox.enqueue(MailKind.PASSWORD_CHANGED, EMAIL)
    assert await Claims().claim()


async def test_an_idle_worker_stops_without_waiting_for_its_next_poll(sound: SoundServer) -> None:
    stopped = asyncio.Event()
    await enqueue()
    worker = asyncio.create_task(make_deliverer(sound.port, poll_seconds=600).run(stopped, Turns()))
    await eventually(all_is_sent)

    stopped.set()

    await asyncio.wait_for(worker, 1)


async def test_an_idle_worker_keeps_no_connection(scripted: ScriptedServer) -> None:
    stopped = asyncio.Event()
    await enqueue()

    worker = asyncio.create_task(make_deliverer(scripted.port, poll_seconds=600).run(stopped, Turns()))
    await scripted.reached(Stage.QUIT)
    await scripted.ended()

    stopped.set()
    await worker
    assert len(scripted.contents) == 1


async def test_a_worker_that_is_stopped_finishes_the_mail_in_progress(scripted: ScriptedServer) -> None:
    stopped = asyncio.Event()
    scripted.delay = 0.05
    await enqueue()
    await enqueue("eva@example.com")
    worker = asyncio.create_task(make_deliverer(scripted.port, senders=1).run(stopped, Turns()))
    await scripted.reached(Stage.RCPT)

    stopped.set()
    await asyncio.wait_for(worker, 5)

    assert len(scripted.contents) == 1
    assert await Delivery.filter(outcome="delivered").count() == 1
    assert await Delivery.filter(pending_key__isnull=False, lease__isnull=True).count() == 1


async def test_many_senders_send_each_mail_once(sound: SoundServer) -> None:
    stopped = asyncio.Event()
    addresses = [f"user{number}@example.com" for number in range(12)]
    for address in addresses:
        await enqueue(address)

    workers = [asyncio.create_task(make_deliverer(sound.port, senders=3).run(stopped, Turns())) for _ in range(2)]
    await eventually(all_is_sent)
    stopped.set()
    await asyncio.gather(*workers)

    assert Counter(mail.recipients for mail in sound.mails) == Counter((address,) for address in addresses)


async def test_a_slow_server_delays_one_sender_only(scripted: ScriptedServer) -> None:
    stopped = asyncio.Event()
    scripted.delay = 0.05
    for number in range(4):
        await enqueue(f"user{number}@example.com")

    worker = asyncio.create_task(make_deliverer(scripted.port, senders=4).run(stopped, Turns()))
    await eventually(all_is_sent)
    stopped.set()
    await worker

    assert (len(scripted.contents), scripted.conversations) == (4, 4)


async def test_the_worker_survives_a_database_outage(sound: SoundServer) -> None:
    stopped = asyncio.Event()
    await enqueue()
    connection = get_connection("default")
    await connection.execute_script("ALTER TABLE delivery RENAME TO elsewhere")

    try:
        with capture_logs() as logs:
            worker = asyncio.create_task(make_deliverer(sound.port).run(stopped, Turns()))

            async def complained() -> bool:
                return any(entry["event"] == "a sender failed" for entry in logs)

            await eventually(complained)
    finally:
        await connection.execute_script("ALTER TABLE elsewhere RENAME TO delivery")
    await eventually(all_is_sent)
    stopped.set()
    await asyncio.wait_for(worker, 1)

    assert len(sound.mails) == 1
