"""The end of paid time is announced once, whoever else changes the account."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tortoise.transactions import in_transaction

from models.account import Account
from services.common.clock import utc_now
from services.events.facts import Details, EventType
from services.events.feed import Page, read
from services.events.lapses import announce_lapses
from services.events.worker import EventWorker
from tests.stored_accounts import store_account

pytestmark = pytest.mark.usefixtures("database")

_NOW = utc_now().replace(microsecond=0)
_HOUR = timedelta(hours=1)


async def _account(name: str, lapse_due_at: object = _NOW) -> UUID:
    return (await store_account(f"{name}@example.com", lapse_due_at=lapse_due_at)).id


async def _lapsed() -> list[UUID]:
    page = await read(None, 1000)
    assert isinstance(page, Page)
    assert {event.type for event in page.events} <= {EventType.ACCOUNT_LAPSED}
    return [event.account_id for event in page.events]


async def test_only_what_is_due_is_announced() -> None:
    ana = await _account("ana")
    await _account("ivo", _NOW + timedelta(milliseconds=1))
    await _account("eva", None)

    await announce_lapses(_NOW)

    assert await _lapsed() == [ana]
    (event,) = (await read(None, 1)).events  # type: ignore[union-attr]  # the feed is not empty
    assert event.details == Details(active_until=_NOW)


async def test_several_workers_announce_it_once() -> None:
    accounts = [await _account(str(number)) for number in range(20)]
    workers = [EventWorker(lambda: _NOW) for _ in range(4)]

    await asyncio.gather(*(worker.run_once() for worker in workers))

    assert sorted(await _lapsed()) == sorted(accounts)
    assert not await announce_lapses(_NOW + _HOUR)


async def test_a_renewal_that_comes_first_is_not_followed_by_the_lapse() -> None:
    ana = await _account("ana")
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def renew() -> None:
        async with in_transaction():
            account = await Account.select_for_update().get(id=ana)
            locked.set()
            await go_on.wait()
            account.lapse_due_at = _NOW + _HOUR
            await account.save(update_fields=["lapse_due_at"])

    renewal = asyncio.create_task(renew())
    await locked.wait()
    announcing = asyncio.create_task(announce_lapses(_NOW))
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(renewal, announcing)

    assert await _lapsed() == []
    await announce_lapses(_NOW + _HOUR)
    assert await _lapsed() == [ana]


async def test_an_account_that_is_deleted_meanwhile_has_no_lapse() -> None:
    ana = await _account("ana")
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def delete() -> None:
        async with in_transaction():
            account = await Account.select_for_update().get(id=ana)
            locked.set()
            await go_on.wait()
            await account.delete()

    deletion = asyncio.create_task(delete())
    await locked.wait()
    announcing = asyncio.create_task(announce_lapses(_NOW))
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(deletion, announcing)

    assert await _lapsed() == []


async def test_the_worker_runs_on_until_everything_is_announced() -> None:
    accounts = [await _account(str(number)) for number in range(150)]
    worker = EventWorker(lambda: _NOW)

    while await worker.run_once():
        pass

    assert sorted(await _lapsed()) == sorted(accounts)
