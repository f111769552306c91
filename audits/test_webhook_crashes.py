"""Workers that deliver events are killed, one after another: no event is lost, and repeats bear the same id."""

import asyncio
import contextlib
import random
from collections import defaultdict
from functools import partial
from pathlib import Path
from uuid import UUID

from tortoise.transactions import in_transaction

from app.database import connected, tortoise_configuration
from audits.fleet import Fleet, Node, fleet
from models.event import Event
from models.webhook_endpoint import WebhookEndpoint
from services.common.clock import utc_now
from services.common.secrets import Keys
from services.events.facts import Details, EventType
from services.events.publishing import publish
from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.endpoints import WebhookEndpoints
from services.webhooks.sender import Connection
from services.webhooks.signing import Signer
from tests.actors import OPERATOR
from tests.stored_accounts import store_account
from tests.webhook_receivers import Delivery, Receiver, Reply, answers, hangs_up, receiver

KILLS = 8
ACCOUNTS = 5
TIMEOUT = 90.0


async def test_killed_workers_lose_no_event_and_keep_each_accounts_order(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    own = {"WORKER_IN_SERVE": "false", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with (
        connected(tortoise_configuration(database_url)),
        receiver(204, *_unreliable(chance)) as hook,
        receiver() as other,
        fleet(tmp_path, database_url, 1, **own) as nodes,
    ):
        endpoints = WebhookEndpoints(
            signer=Signer(Keys(b"a key")), connect=partial(Connection, policy=AddressPolicy(LOOPBACK))
        )
        for each in (hook, other):
            await endpoints.add(OPERATOR, each.url, None)
        workers = [await nodes.join("worker") for _ in range(2)]
        writing = asyncio.create_task(_write(chance))
        for _ in range(KILLS):
            await _kill(nodes, workers, hook, chance)
        sent = await _stop(writing)
        await _until_all_is_delivered(hook, other, sent)

    for each in (hook, other):
        _check(each, sent)
    repeats = len(other.got) - len({delivery.id for delivery in other.got})
    assert repeats <= KILLS  # each kill may repeat the one delivery that was in progress


def _unreliable(chance: random.Random) -> list[Reply]:
    """Slow answers, so that kills fall into deliveries, and some failures."""

    async def slow(delivery: Delivery, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(chance.random() / 10)
        await answers(204)(delivery, writer)

    return [chance.choices([slow, answers(503), hangs_up], [0.9, 0.07, 0.03])[0] for _ in range(200)]


async def _write(chance: random.Random) -> None:
    """Publishes until it is cancelled, a few accounts at once, each with a count of its own."""
    accounts = [(await store_account(f"{number}@example.com")).id for number in range(ACCOUNTS)]
    counts: dict[UUID, int] = defaultdict(int)
    while True:
        account_id = chance.choice(accounts)
        counts[account_id] += 1
        async with in_transaction():
            await publish(account_id, EventType.STAMPS_LOW, Details(stamps_left=counts[account_id]))
        await asyncio.sleep(chance.random() / 10)


async def _kill(nodes: Fleet, workers: list[Node], hook: Receiver, chance: random.Random) -> None:
    """Kills a worker, if possible in the middle of a delivery, and starts another one."""
    before = len(hook.got)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while len(hook.got) == before:
                await asyncio.sleep(0.01)
    place = chance.randrange(len(workers))
    killed, workers[place] = workers[place], await nodes.start("worker")
    killed.kill()
    await killed.process.wait()
    await workers[place].ready()
    await _end_waits()


async def _end_waits() -> None:
    """As if the leases of killed workers had ended, and the waits after failures."""
    await WebhookEndpoint.all().update(due_at=utc_now())


async def _stop(writing: asyncio.Task[None]) -> int:
    """Returns how many events there are."""
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    return await Event.all().count()


async def _until_all_is_delivered(hook: Receiver, other: Receiver, sent: int) -> None:
    async with asyncio.timeout(TIMEOUT):
        while min(len({d.id for d in each.got}) for each in (hook, other)) < sent:
            await asyncio.sleep(1)
            await _end_waits()


def _check(hook: Receiver, sent: int) -> None:
    bodies: dict[str, set[bytes]] = defaultdict(set)
    first: list[Delivery] = []
    for delivery in hook.got:
        if delivery.id not in bodies:
            first.append(delivery)
        bodies[delivery.id].add(delivery.body)
    assert len(first) == sent
    assert {len(each) for each in bodies.values()} == {1}
    orders: dict[str, list[int]] = defaultdict(list)
    for delivery in first:
        data = delivery.content["data"]
        orders[data["accountId"]].append(data["stampsLeft"])
    assert all(order == list(range(1, len(order) + 1)) for order in orders.values())
