"""Deliveries: in order, at least once, by one worker at a time, and none held up by another endpoint."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs
from tortoise.transactions import in_transaction

from models.delivery import Delivery as Mail
from models.event import Event
from models.webhook_endpoint import WebhookEndpoint
from services.cleanup import Cleanup, Retention
from services.common.clock import utc_now
from services.common.heartbeat import Turns
from services.common.secrets import Keys
from services.events.facts import Details, EventType
from services.events.publishing import publish, publish_for_each
from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.endpoints import WebhookEndpoints, WithSecret
from services.webhooks.sender import Connection
from services.webhooks.signing import Signer
from services.webhooks.worker import WebhookWorker
from tests.actors import OPERATOR
from tests.stored_accounts import store_account
from tests.webhook_receivers import Receiver, answers, hangs_up, never, receiver

pytestmark = pytest.mark.usefixtures("database", "no_authorities")

SIGNER = Signer(Keys(b"a key of thirty-two bytes or more"))
_CONNECT = partial(Connection, policy=AddressPolicy(LOOPBACK), deadline=2.0)
ENDPOINTS = WebhookEndpoints(signer=SIGNER, connect=_CONNECT)


class Clock:
    """The time of the workers, which a test moves on."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC) + timedelta(hours=1)

    async def now(self) -> datetime:
        return self.at


def _worker(clock: Clock | None = None, operator: str | None = None) -> WebhookWorker:
    return WebhookWorker(signer=SIGNER, connect=_CONNECT, operator_email=operator, now=(clock or Clock()).now)


async def _add(hook: Receiver, *types: EventType) -> UUID:
    added = await ENDPOINTS.add(OPERATOR, hook.url, types or None)
    assert isinstance(added, WithSecret)
    return added.id


async def _publish(count: int = 1, type: EventType = EventType.PASSWORD_CHANGED) -> list[str]:
    """Returns the ids of the events, which belong to one account."""
    account = await store_account(f"{uuid4().hex}@example.com")
    async with in_transaction():
        await publish_for_each((account.id, type, Details()) for _ in range(count))
    return [str(event.event_id) for event in await Event.filter(account_id=account.id).order_by("id")]


async def _endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    return await WebhookEndpoint.get(id=endpoint_id)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_an_event_is_delivered_once_with_what_happened() -> None:
    account = await store_account()
    async with receiver() as hook:
        await _add(hook)
        await publish(account.id, EventType.SERIES_CREATED, Details(series_id=account.id))
        for _ in range(2):
            await _worker().deliver_due()

    (event,) = await Event.all()
    (delivery,) = hook.got
    assert delivery.id == str(event.event_id)
    assert delivery.content == {
        "type": "series.created",
        "timestamp": event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"accountId": str(account.id), "seriesId": str(account.id)},
    }


async def test_events_before_the_endpoint_are_not_delivered() -> None:
    await _publish(3)
    async with receiver() as hook:
        await _add(hook)
        later = await _publish()
        await _worker().deliver_due()

    assert hook.ids == later


async def test_only_the_types_of_the_endpoint_are_delivered() -> None:
    async with receiver() as hook:
        endpoint_id = await _add(hook, EventType.ACCOUNT_DELETED, EventType.STAMPS_LOW)
        wanted = await _publish(2, EventType.STAMPS_LOW)
        await _publish(3, EventType.PASSWORD_CHANGED)
        await _worker().deliver_due()

    assert hook.ids == wanted
    assert (await _endpoint(endpoint_id)).position == 5  # the end of the feed


async def test_an_endpoint_with_a_type_of_a_later_release_is_left_to_that_release() -> None:
    async with receiver() as hook:
        endpoint_id = await _add(hook, EventType.STAMPS_LOW)
        await WebhookEndpoint.filter(id=endpoint_id).update(types="stamps.low account.frozen")
        await _publish(2, EventType.STAMPS_LOW)
        worker = _worker()
        await worker.start_due()
        await asyncio.wait([*worker._delivering.values()])

    endpoint = await _endpoint(endpoint_id)
    assert (hook.got, endpoint.position, endpoint.lease) == ([], 0, None)


async def test_a_part_of_an_account_that_a_later_release_knows_is_delivered_by_its_name() -> None:
    account = await store_account()
    async with receiver() as hook:
        await _add(hook)
        async with in_transaction():
            await publish(account.id, EventType.ACCOUNT_UPDATED, Details(changed=("rfc", "phone")))

        await _worker().deliver_due()

    (delivery,) = hook.got
    assert delivery.content["data"]["changed"] == ["rfc", "phone"]


async def test_more_events_than_a_page_are_delivered_in_order_over_one_connection() -> None:
    async with receiver() as hook:
        await _add(hook)
        ids = await _publish(120)
        await _worker().deliver_due()

    assert hook.ids == ids
    assert hook.connections == 1


@pytest.mark.parametrize("reply", [answers(500), answers(302), hangs_up, never])
async def test_a_failure_is_tried_again_before_any_later_event(reply: Any) -> None:
    clock = Clock()
    async with receiver(204, answers(204), reply) as hook:
        endpoint_id = await _add(hook)
        first, second, third = await _publish(3)
        await _worker(clock).deliver_due()
        assert hook.ids == [first, second]
        assert ((await _endpoint(endpoint_id)).attempts, (await _endpoint(endpoint_id)).position) == (1, 1)

        clock.at += timedelta(seconds=30)
        await _worker(clock).deliver_due()

    assert hook.ids == [first, second, second, third]
    endpoint = await _endpoint(endpoint_id)
    assert (endpoint.attempts, endpoint.failing_since, endpoint.last_result) == (0, None, "status 204")


async def test_waits_grow_up_to_an_hour_and_a_half() -> None:
    clock = Clock()
    async with receiver(503) as hook:
        endpoint_id = await _add(hook)
        await _publish()
        waits = []
        for _ in range(12):
            await _worker(clock).deliver_due()
            endpoint = await _endpoint(endpoint_id)
            assert endpoint.due_at
            waits.append((endpoint.due_at - clock.at).total_seconds())
            clock.at = endpoint.due_at

    assert 7 <= waits[0] <= 23
    assert all(0.5 <= wait / min(15 * 2**number, 3600) <= 1.5 for number, wait in enumerate(waits))


async def test_after_three_days_the_endpoint_is_paused_and_the_operator_gets_a_mail() -> None:
    clock = Clock()
    async with receiver(503) as hook:
        endpoint_id = await _add(hook)
        ids = await _publish(2)
        begun = clock.at
        while (due_at := (await _endpoint(endpoint_id)).due_at) is not None:
            clock.at = max(clock.at, due_at)
            await _worker(clock, "ops@example.com").deliver_due()
        paused = await _endpoint(endpoint_id)

        assert timedelta(days=3) <= clock.at - begun <= timedelta(days=3, hours=2)
        assert set(hook.ids) == {ids[0]}
        assert (paused.paused_because, paused.position, paused.last_result) == ("failing", 0, "status 503")
        (mail,) = await Mail.all()
        assert (mail.kind, mail.address, mail.language) == ("webhook_paused", "ops@example.com", "es")

        clock.at += timedelta(days=1)
        await _worker(clock).deliver_due()
        assert set(hook.ids) == {ids[0]}
        hook.status = 204
        hook.got.clear()
        await ENDPOINTS.resume(OPERATOR, endpoint_id)
        await _worker(clock).deliver_due()

    assert hook.ids == ids


async def test_a_success_begins_the_three_days_again() -> None:
    clock = Clock()
    async with receiver(204, answers(500), answers(204), answers(500)) as hook:
        endpoint_id = await _add(hook)
        await _publish(2)
        await _worker(clock).deliver_due()
        clock.at += timedelta(days=4)
        await _worker(clock).deliver_due()

    endpoint = await _endpoint(endpoint_id)
    assert (endpoint.paused_at, endpoint.failing_since, endpoint.attempts) == (None, clock.at, 1)


async def test_an_endpoint_that_is_gone_is_paused_at_once() -> None:
    async with receiver(410) as hook:
        endpoint_id = await _add(hook)
        await _publish()
        for _ in range(2):
            await _worker(operator="ops@example.com").deliver_due()

    endpoint = await _endpoint(endpoint_id)
    assert (endpoint.paused_because, endpoint.due_at, len(hook.got)) == ("gone", None, 1)
    assert await Mail.filter(kind="webhook_paused").count() == 1


async def test_a_slow_endpoint_holds_up_no_other() -> None:
    async with receiver(204, never) as slow, receiver() as prompt:
        await _add(slow)
        await _add(prompt)
        ids = await _publish(5)
        worker = _worker()
        await worker.start_due()
        await _until(lambda: prompt.ids == ids)
        assert slow.ids == ids[:1]
        await worker.deliver_due()


async def test_several_workers_deliver_each_event_once_and_in_order() -> None:
    async with receiver() as hook, receiver() as other:
        for each in (hook, other):
            await _add(each)
        ids = await _publish(30)
        clock = Clock()
        await asyncio.gather(*(_worker(clock).deliver_due() for _ in range(4)))

    assert hook.ids == other.ids == ids


async def test_what_a_dead_worker_left_is_delivered_again_with_the_same_id() -> None:
    clock = Clock()
    async with receiver(204, never) as hook:
        await _add(hook)
        ids = await _publish(2)
        dead = _worker(clock)
        await dead.start_due()
        await _until(lambda: hook.ids == ids[:1])
        for task in [*dead._delivering.values()]:  # as if the process were killed, its lease stays
            task.cancel()
        await WebhookEndpoint.all().update(lease=uuid4(), due_at=clock.at + timedelta(seconds=60))

        await _worker(clock).deliver_due()
        assert hook.ids == ids[:1]  # the lease has not ended
        clock.at += timedelta(seconds=61)
        await _worker(clock).deliver_due()

    assert hook.ids == [ids[0], *ids]
    assert hook.got[0].body == hook.got[1].body


async def test_a_worker_that_is_stopped_releases_its_endpoint() -> None:
    clock = Clock()
    async with receiver(204, never) as hook:
        endpoint_id = await _add(hook)
        ids = await _publish()
        worker = _worker(clock)
        await worker.start_due()
        await _until(lambda: hook.ids == ids)
        tasks = [*worker._delivering.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    endpoint = await _endpoint(endpoint_id)
    assert (endpoint.lease, endpoint.due_at) == (None, clock.at)


async def test_an_endpoint_that_was_paused_meanwhile_is_left_alone() -> None:
    async def pausing(delivery: Any, writer: asyncio.StreamWriter) -> None:
        await ENDPOINTS.pause(OPERATOR, endpoint_id)
        await answers(204)(delivery, writer)

    async with receiver(204, pausing) as hook:
        endpoint_id = await _add(hook)
        ids = await _publish(2)
        await _worker().deliver_due()
        assert hook.ids == ids[:1]
        assert (await _endpoint(endpoint_id)).paused_because == "operator"

        await ENDPOINTS.resume(OPERATOR, endpoint_id)
        await _worker().deliver_due()

    assert hook.ids == [ids[0], *ids]  # the one in progress comes again


async def test_a_replay_delivers_again_what_happened_since() -> None:
    async with receiver() as hook:
        endpoint_id = await _add(hook)
        old = await _publish(2)
        await Event.all().update(occurred_at=utc_now() - timedelta(hours=2))
        new = await _publish(2)
        await _worker().deliver_due()
        hook.got.clear()

        await ENDPOINTS.replay(OPERATOR, endpoint_id, utc_now() - timedelta(hours=1))
        await _worker().deliver_due()
        again = hook.ids[:]
        await ENDPOINTS.replay(OPERATOR, endpoint_id, utc_now() + timedelta(days=1))
        await _worker().deliver_due()
        hook.got.clear()
        await ENDPOINTS.replay(OPERATOR, endpoint_id, utc_now() - timedelta(days=365))
        await _worker().deliver_due()

    assert again == new
    assert hook.ids == [*old, *new]


async def test_a_replay_skips_nothing_that_still_waits() -> None:
    async with receiver(500) as hook:
        endpoint_id = await _add(hook)
        ids = await _publish(2)
        await Event.all().update(occurred_at=utc_now() - timedelta(hours=2))
        await _publish()
        await ENDPOINTS.replay(OPERATOR, endpoint_id, utc_now() - timedelta(hours=1))
        await _worker().deliver_due()

    assert hook.ids == ids[:1]


async def test_events_that_are_deleted_before_they_are_delivered_are_told_and_passed() -> None:
    async with receiver(500) as hook:
        endpoint_id = await _add(hook)
        await _publish(2)
        await _worker().deliver_due()
        await Cleanup(Retention(events=timedelta())).clean_up()
        later = await _publish()
        hook.status = 204
        hook.got.clear()
        await ENDPOINTS.resume(OPERATOR, endpoint_id)
        await _worker().deliver_due()

    assert hook.ids == later


async def test_an_endpoint_ahead_of_a_restored_feed_begins_again() -> None:
    async with receiver() as hook:
        endpoint_id = await _add(hook)
        await WebhookEndpoint.filter(id=endpoint_id).update(position=1000)
        ids = await _publish(2)
        await _worker().deliver_due()

    assert hook.ids == ids


async def test_the_worker_delivers_until_it_is_stopped() -> None:
    stopped = asyncio.Event()
    async with receiver() as hook:
        await _add(hook)
        worker = WebhookWorker(signer=SIGNER, connect=_CONNECT)
        running = asyncio.create_task(worker.run(stopped, Turns()))
        ids = await _publish(2)
        await _until(lambda: hook.ids == ids)
        stopped.set()
        await asyncio.wait_for(running, 5)


async def test_a_stopped_worker_ends_after_the_delivery_in_progress() -> None:
    async def slow(delivery: Any, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await answers(204)(delivery, writer)

    stopped = asyncio.Event()
    async with receiver(204, *[slow] * 60) as hook:
        endpoint_id = await _add(hook)
        ids = await _publish(60)
        running = asyncio.create_task(WebhookWorker(signer=SIGNER, connect=_CONNECT).run(stopped, Turns()))
        await _until(lambda: len(hook.got) == 2)
        stopped.set()
        await asyncio.wait_for(running, 5)
        endpoint = await _endpoint(endpoint_id)
        delivered = len(hook.got)

    assert delivered < 10
    assert (endpoint.lease, endpoint.position) == (None, delivered)
    assert hook.ids == ids[:delivered]


async def test_the_log_names_the_endpoint_and_its_host_but_neither_path_nor_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with receiver(204, answers(204), answers(410)) as hook:
        endpoint_id = await _add(hook)
        first, second = await _publish(2)
        with capture_logs() as logged:
            await _worker().deliver_due()
    lines = f"{logged} {caplog.text}"

    assert hook.ids == [first, second]
    assert [(each["event"], each["endpoint"], each["host"]) for each in logged] == [
        ("webhook paused", str(endpoint_id), "127.0.0.1")
    ]
    assert [each for each in ("/hook", "a=1", "accountId", "whsec_", "v1,") if each in lines] == []


async def test_a_removed_endpoint_gets_nothing() -> None:
    async with receiver() as hook:
        endpoint_id = await _add(hook)
        await _publish()
        await ENDPOINTS.remove(OPERATOR, endpoint_id)
        await _worker().deliver_due()

    assert hook.got == []
