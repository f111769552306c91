"""Readers of the feed miss no event and see each account's in order, however its transactions overlap."""

import asyncio
import random
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from models.account import Account
from models.event import Event
from models.event_feed import EventFeed
from models.sql import is_sqlite
from services.common.clock import utc_now
from services.events.facts import Details, EventType
from services.events.feed import EventView, Page, read
from services.events.publishing import publish, publish_for_each
from services.events.sequencing import BATCH_SIZE, assign_positions
from tests.stored_accounts import store_account

pytestmark = pytest.mark.usefixtures("database")


async def _publish(account_id: UUID) -> None:
    async with in_transaction():
        await publish(account_id, EventType.PASSWORD_CHANGED)


async def _accounts(count: int) -> list[UUID]:
    return [(await store_account(f"{number}@example.com")).id for number in range(count)]


async def _read(after: int | None = None, count: int = 100) -> Page:
    page = await read(after, count)
    assert isinstance(page, Page)
    return page


async def test_an_event_that_is_committed_late_comes_after_those_that_were_read() -> None:
    late, prompt = await _accounts(2)
    published, go_on = asyncio.Event(), asyncio.Event()

    async def publish_late() -> None:
        async with in_transaction():
            await publish(late, EventType.PASSWORD_CHANGED)
            published.set()
            await go_on.wait()

    slow = asyncio.create_task(publish_late())
    await published.wait()
    if is_sqlite():  # which lets nobody else write, nor this process read
        go_on.set()
    await _publish(prompt)
    before = await _read()
    go_on.set()
    await slow
    after = await _read(before.end)

    assert [event.account_id for event in (*before.events, *after.events)] == (
        [late, prompt] if is_sqlite() else [prompt, late]
    )
    rows = await Event.all().order_by("id")
    assert [row.account_id for row in rows] == [late, prompt]  # the earlier id was committed later


async def test_another_processs_open_transaction_on_sqlite_is_read_once_it_ends(database: dict[str, Any]) -> None:
    file = database["connections"]["default"]["credentials"].get("file_path")
    if file is None:
        pytest.skip("PostgreSQL's transactions overlap in the other tests")
    (account_id,) = await _accounts(1)
    process = sqlite3.connect(file, isolation_level=None)
    process.execute("BEGIN IMMEDIATE")
    row = (str(uuid4()), "password.changed", str(account_id), utc_now().isoformat(" "), "{}")
    process.execute("INSERT INTO event (event_id, type, account_id, occurred_at, details) VALUES (?, ?, ?, ?, ?)", row)

    before = await _read()
    process.execute("COMMIT")
    process.close()
    after = await _read(before.end)

    assert before.events == ()
    assert [event.account_id for event in after.events] == [account_id]


async def test_an_accounts_events_wait_for_its_transaction_in_progress() -> None:
    (account_id,) = await _accounts(1)
    published, go_on = asyncio.Event(), asyncio.Event()

    async def publish_late() -> None:
        async with in_transaction():
            await publish(account_id, EventType.ACCOUNT_ACTIVATED)
            published.set()
            await go_on.wait()
            await publish(account_id, EventType.ACCOUNT_LAPSED)

    slow = asyncio.create_task(publish_late())
    await published.wait()
    other = asyncio.create_task(_publish(account_id))
    await asyncio.sleep(0.05)
    assert not other.done()
    go_on.set()
    await asyncio.gather(slow, other)

    assert [event.type for event in (await _read()).events] == [
        EventType.ACCOUNT_ACTIVATED,
        EventType.ACCOUNT_LAPSED,
        EventType.PASSWORD_CHANGED,
    ]


async def test_readers_among_writers_see_everything_once_and_each_account_in_order() -> None:
    accounts = await _accounts(4)
    counted: dict[UUID, int] = defaultdict(int)
    writing = asyncio.Event()

    async def write(number: int) -> None:
        chance = random.Random(number)
        for _ in range(6):
            account_id = chance.choice(accounts)
            async with in_transaction():
                await Account.filter(id=account_id).select_for_update().only("id")
                counted[account_id] += 1
                await publish(account_id, EventType.STAMPS_LOW, Details(stamps_left=counted[account_id]))
                await asyncio.sleep(chance.random() / 50)

    async def follow(seen: list[EventView]) -> None:
        end: int | None = None
        done = False
        while not done:
            done = writing.is_set()  # before the last turn
            page = await _read(end, 3)
            seen += page.events
            end = page.end
            done = done and not page.has_more
            await asyncio.sleep(0)

    logs: list[list[EventView]] = [[], [], []]
    readers = [asyncio.create_task(follow(seen)) for seen in logs]
    await asyncio.gather(*(write(number) for number in range(6)))
    writing.set()
    await asyncio.gather(*readers)

    expected = {account_id: list(range(1, count + 1)) for account_id, count in counted.items()}
    for seen in logs:
        assert len(seen) == len({event.id for event in seen}) == 36
        of_account: dict[UUID, list[int | None]] = defaultdict(list)
        for event in seen:
            of_account[event.account_id].append(event.details.stamps_left)
        assert of_account == expected


async def test_positions_are_consecutive_while_several_processes_assign_them() -> None:
    accounts = await _accounts(3)
    async with in_transaction():
        await publish_for_each((accounts[n % 3], EventType.PASSWORD_CHANGED, Details()) for n in range(2 * BATCH_SIZE))

    assigned = await asyncio.gather(*(assign_positions() for _ in range(4)))

    assert sum(assigned) == 2 * BATCH_SIZE
    rows = await Event.all().order_by("id")
    assert [row.position for row in rows] == list(range(1, 2 * BATCH_SIZE + 1))
    assert (await EventFeed.get()).last_position == 2 * BATCH_SIZE


@pytest.mark.parametrize("fail", [True, False])
async def test_an_event_is_there_exactly_if_its_transaction_is(fail: bool) -> None:
    (account_id,) = await _accounts(1)

    async def change() -> None:
        async with in_transaction():
            await publish(account_id, EventType.PASSWORD_CHANGED)
            if fail:
                raise ArithmeticError

    await _expecting(ArithmeticError if fail else None, change)

    assert len((await _read()).events) == (0 if fail else 1)


async def _expecting(error: type[Exception] | None, work: Callable[[], Awaitable[None]]) -> None:
    if error is None:
        await work()
        return
    with pytest.raises(error):
        await work()


async def test_a_deleted_account_gets_no_more_events() -> None:
    await _publish(uuid4())

    assert (await _read()).events == ()


async def test_publishing_marks_the_account_as_updated() -> None:
    (account_id,) = await _accounts(1)
    before = utc_now()

    await _publish(account_id)

    updated_at = (await Account.get(id=account_id)).updated_at
    assert updated_at is not None
    assert updated_at >= before
