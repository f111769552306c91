"""The mail worker as it runs in a process."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from datetime import timedelta
from types import SimpleNamespace

import pytest
from limits.errors import StorageError
from structlog.testing import capture_logs
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from models.delivery import Delivery
from models.sql import is_sqlite
from services.common.clock import utc_now
from services.common.heartbeat import Turns
from services.mail import outbox
from services.mail.batches import Batches
from services.mail.claims import Claims
from services.mail.issuing import Issue
from services.mail.outbox import MailKind
from services.mail.recording import Sent, record
from services.mail.worker import MailWorker
from tests.smtp_servers import (
    ScriptedServer,
    SoundServer,
    Stage,
    claim_one,
    eventually,
    make_account,
    make_deliverer,
    make_mail_limit,
)
from tests.statements import statements_run

pytestmark = pytest.mark.usefixtures("database")

EMAIL = "ana@example.com"


async def enqueue(address: str = EMAIL) -> None:
    await make_account(address)
    await outbox.enqueue(MailKind.PASSWORD_CHANGED, address)


async def all_is_sent() -> bool:
    return not await Delivery.filter(pending_key__isnull=False).exists()


async def run_until(reached: Callable[[], Awaitable[bool]], worker: MailWorker) -> None:
    stopped = asyncio.Event()
    running = asyncio.create_task(worker.run(stopped, Turns()))
    await eventually(reached)
    stopped.set()
    await running


async def test_mails_leave_while_the_worker_runs_and_it_stops_on_request(sound: SoundServer) -> None:
    stopped = asyncio.Event()
    worker = asyncio.create_task(make_deliverer(sound.port).run(stopped, Turns()))
    await enqueue()
    await eventually(all_is_sent)

    stopped.set()
    await asyncio.wait_for(worker, 1)

    assert len(sound.mails) == 1
    await outbox.enqueue(MailKind.PASSWORD_CHANGED, EMAIL)
    assert await claim_one(Claims())


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
    scripted.delay = 0.05
    for number in range(4):
        await enqueue(f"user{number}@example.com")

    await run_until(all_is_sent, make_deliverer(scripted.port, senders=4))

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


async def test_a_rush_costs_few_statements_and_commits_for_each_mail(scripted: ScriptedServer) -> None:
    mails = 24
    for number in range(mails):
        await make_account(f"user{number}@example.com")
        await outbox.enqueue(MailKind.RECOVERY, f"user{number}@example.com")

    async def all_arrived() -> bool:
        return len(scripted.contents) == mails

    with statements_run() as statements:
        await run_until(all_arrived, make_deliverer(scripted.port, senders=8, poll_seconds=600))

    assert await Delivery.filter(outcome="delivered").count() == mails
    about_mails = [each for each in statements if not each.text.startswith("SELECT now()")]
    claims = [each for each in about_mails if "attempts + 1" in each.text]
    batches = [each for each in claims if MailKind.RECOVERY.value in each.values]
    assert len(batches) <= 5 + 8  # of 1, 2, 4, 8 and 9 mails, and each sender's look when nothing is left
    # Alone, a mail takes five. On SQLite, each secret has a statement of its own.
    most = 4 if is_sqlite() else 2
    assert (len(about_mails) - len(claims)) / mails <= most


async def test_a_sender_has_one_mail_at_most_that_was_sent_and_is_not_recorded(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await enqueue(f"user{number}@example.com")
    allowed = asyncio.Event()

    async def record_late(entries: Sequence[Issue | Sent]) -> list[bool]:
        if any(isinstance(entry, Sent) for entry in entries):
            await allowed.wait()
        return await record(entries)

    monkeypatch.setattr("services.mail.worker.record", record_late)
    stopped = asyncio.Event()
    worker = asyncio.create_task(make_deliverer(scripted.port, senders=1).run(stopped, Turns()))

    async def the_second_waits() -> bool:
        return sum(command.startswith("RCPT") for command in scripted.commands) == 2

    await eventually(the_second_waits)
    await asyncio.sleep(0.1)
    assert (len(scripted.contents), await Delivery.filter(outcome="delivered").count()) == (1, 0)

    allowed.set()
    await eventually(all_is_sent)
    stopped.set()
    await worker
    assert len(scripted.contents) == 3


def fail_to_record_sent(monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
    failures = itertools.count()

    async def fail(entries: Sequence[Issue | Sent]) -> list[bool]:
        if any(isinstance(entry, Sent) for entry in entries) and next(failures) < times:
            raise ValueError("no")
        return await record(entries)

    monkeypatch.setattr("services.mail.worker.record", fail)


async def test_that_a_mail_was_sent_is_recorded_although_that_failed_at_first(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.mail.worker._RECORD_AGAIN_SECONDS", (0.01, 0.01))
    fail_to_record_sent(monkeypatch, times=2)
    await enqueue()

    with capture_logs() as logs:
        await run_until(all_is_sent, make_deliverer(sound.port))

    assert [entry["event"] for entry in logs] == ["mail delivered"]
    assert (len(sound.mails), (await Delivery.get()).outcome) == (1, "delivered")


async def test_a_mail_that_cannot_be_recorded_as_sent_is_reported_and_deferred(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.mail.worker._RECORD_AGAIN_SECONDS", (0.01, 0.01))
    fail_to_record_sent(monkeypatch, times=100)
    await enqueue()

    async def is_deferred() -> bool:
        return await Delivery.filter(lease__isnull=True, attempts=1).exists()

    with capture_logs() as logs:
        await run_until(is_deferred, make_deliverer(sound.port))

    assert [entry["event"] for entry in logs] == ["mail delivered", "sent mail not recorded", "mail deferred"]
    row = await Delivery.get()
    assert (row.reason, row.outcome) == ("not recorded: ValueError", None)
    assert row.due_at > utc_now() + timedelta(seconds=5)


async def test_a_worker_that_stops_reports_what_it_could_not_record(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_record_sent(monkeypatch, times=100)
    await enqueue()

    with capture_logs() as logs:
        await make_deliverer(sound.port).deliver_due()

    assert [entry["event"] for entry in logs] == ["mail delivered", "sent mail not recorded"]
    assert (len(sound.mails), (await Delivery.get()).lease is None) == (1, False)


async def test_mails_that_were_counted_leave_while_the_others_cannot_be_counted(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ana", "eva"):
        await enqueue(f"{name}@example.com")
    await Delivery.filter(email_key="eva@example.com").update(counted=True)
    worker = make_deliverer(sound.port)

    async def fail(*_: object) -> None:
        raise StorageError(OSError("away"))

    monkeypatch.setattr(worker.limit.limiter, "count_all", fail)
    await worker.deliver_due()

    assert [mail.recipients for mail in sound.mails] == [("eva@example.com",)]
    waiting = await Delivery.get(email_key="ana@example.com")
    assert (waiting.lease, waiting.counted, waiting.attempts) == (None, False, 1)
    assert waiting.due_at > utc_now() + timedelta(seconds=5)


async def test_a_batch_has_one_mail_if_the_mail_server_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        await enqueue(f"user{number}@example.com")
    seconds = itertools.count(step=1.0)
    monkeypatch.setattr("services.mail.batches.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    batches = Batches(make_mail_limit())

    for _ in range(3):
        assert await batches.next()

        assert await Delivery.filter(lease__isnull=False).count() <= 4
    assert await Delivery.filter(attempts__gt=0).count() == 3


async def test_claims_that_waited_too_long_are_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        await enqueue(f"user{number}@example.com")
    clock = SimpleNamespace(now=1.0)
    monkeypatch.setattr("services.mail.batches.time", SimpleNamespace(monotonic=lambda: clock.now))
    batches = Batches(make_mail_limit())
    for _ in range(4):
        assert await batches.next()  # of batches of one, two and four
    assert await Delivery.filter(lease__isnull=False).count() == 7

    clock.now += 6
    assert await batches.next()

    assert await Delivery.filter(lease__isnull=False).count() == 4 + 2
    assert await Delivery.filter(attempts__gt=1).count() == 0


async def test_a_batch_that_cannot_be_read_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    await enqueue()

    async def fail(_: object) -> None:
        raise OSError("away")

    monkeypatch.setattr("services.mail.batches.contents_for", fail)
    with pytest.raises(OSError, match="away"):
        await Batches(make_mail_limit()).next()

    row = await Delivery.get()
    assert (row.lease, row.attempts) == (None, 0)


@pytest.mark.parametrize("allowed", [15, 0])
async def test_counting_does_not_wait_for_a_mail_that_is_being_cancelled(allowed: int) -> None:
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    for number in range(3):
        await enqueue(f"user{number}@example.com")
    claims = await Claims().claim(3)

    async with in_transaction():
        await outbox.cancel([MailKind.PASSWORD_CHANGED], "user1@example.com")
        admitting = asyncio.create_task(make_mail_limit(f"{allowed}/day").admit(claims), context=Context())
        admitted = await asyncio.wait_for(admitting, 5)

    assert admitted == ({claim.id for claim in claims} if allowed else set())
    assert await Delivery.filter(counted=True).count() == (2 if allowed else 0)
    assert await Delivery.filter(reason="mail limit").count() == (0 if allowed else 2)


async def test_mails_of_one_email_in_a_batch_are_counted_each(sound: SoundServer) -> None:
    await make_account(EMAIL)
    for kind in (MailKind.PASSWORD_CHANGED, MailKind.MAILED_PASSWORD_USED, MailKind.SIGN_IN_CLOSED):
        await outbox.enqueue(kind, EMAIL)
    worker = make_deliverer(sound.port, mail_limit="2/day", senders=4)

    async def all_was_tried() -> bool:
        return not await Delivery.filter(pending_key__isnull=False, due_at__lte=utc_now()).exists() and (
            not await Delivery.filter(lease__isnull=False).exists()
        )

    await run_until(all_was_tried, worker)

    assert (len(sound.mails), await Delivery.filter(reason="mail limit").count()) == (2, 1)
