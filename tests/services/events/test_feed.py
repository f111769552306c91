"""Pages of the feed, by position and by type, and readers who are too late."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from models.event import Event
from services.cleanup import Cleanup, Retention
from services.common.clock import utc_now
from services.events.facts import NO_DETAILS, AccountField, Details, EventType
from services.events.feed import EventView, Page, PositionGone, read
from services.events.publishing import publish_for_each
from tests.stored_accounts import store_account

pytestmark = pytest.mark.usefixtures("database")

_UPDATED, _LAPSED, _PASSWORD = EventType.ACCOUNT_UPDATED, EventType.ACCOUNT_LAPSED, EventType.PASSWORD_CHANGED
_MONTH = timedelta(days=30)


async def _publish(*types: EventType, details: Details = NO_DETAILS) -> UUID:
    account = await store_account(f"{uuid4().hex}@example.com")
    async with in_transaction():
        await publish_for_each((account.id, each, details) for each in types)
    return account.id


async def _page(after: int | None = None, count: int = 100, types: tuple[EventType, ...] | None = None) -> Page:
    page = await read(after, count, types)
    assert isinstance(page, Page)
    return page


def _types(page: Page) -> list[EventType]:
    return [event.type for event in page.events]


async def test_an_event_says_what_happened() -> None:
    details = Details(
        changed=(AccountField.EMAIL, AccountField.RFC),
        active_until=utc_now().replace(microsecond=123000),
        series_id=uuid4(),
        request_id="order 7",
        invoice_uuid=uuid4(),
        stamps_left=0,
    )
    before = utc_now()
    account_id = await _publish(_UPDATED, details=details)

    (event,) = (await _page()).events

    assert event == EventView(1, event.id, _UPDATED, account_id, event.occurred_at, details)
    assert before <= event.occurred_at <= utc_now()
    assert event.id.version == 4


async def test_pages_follow_each_other() -> None:
    await _publish(*[_UPDATED, _LAPSED, _PASSWORD, _UPDATED, _LAPSED])

    first = await _page(count=2)
    second = await _page(first.end, 2)
    third = await _page(second.end, 2)

    assert [_types(first), _types(second), _types(third)] == [[_UPDATED, _LAPSED], [_PASSWORD, _UPDATED], [_LAPSED]]
    assert [first.has_more, second.has_more, third.has_more] == [True, True, False]
    assert (await _page(third.end)).events == ()


async def test_only_the_types_that_were_asked_for_are_read() -> None:
    await _publish(*[_UPDATED, _PASSWORD, _LAPSED, _PASSWORD])

    assert _types(await _page(types=(_LAPSED, _UPDATED))) == [_UPDATED, _LAPSED]
    assert _types(await _page(1, types=(_LAPSED, _UPDATED, _LAPSED))) == [_LAPSED]
    assert _types(await _page(count=1, types=(_PASSWORD, _LAPSED))) == [_PASSWORD]
    assert _types(await _page(types=())) == []
    assert _types(await _page(types=tuple(EventType))) == [_UPDATED, _PASSWORD, _LAPSED, _PASSWORD]


async def test_an_event_of_a_later_release_is_left_to_that_release() -> None:
    await _publish(_UPDATED, _PASSWORD, _LAPSED)
    await _page()
    await Event.filter(type=_PASSWORD.value).update(type="account.frozen")

    page = await _page()

    assert (_types(page), page.end, page.has_more) == ([_UPDATED], 1, False)
    assert await _page(page.end) == Page((), 1, has_more=False)
    assert _types(await _page(page.end, types=(_LAPSED, _UPDATED))) == [_LAPSED]


async def test_a_reader_of_rare_events_moves_on_with_the_feed() -> None:
    await _publish(_LAPSED, *[_PASSWORD] * 4)

    page = await _page(types=(_LAPSED,))

    assert (page.end, page.has_more) == (5, False)  # so that the deletion of old events does not pass it


async def test_a_reader_who_is_too_late_is_told_so() -> None:
    await _publish(_UPDATED, _LAPSED)
    late = await _page(count=1)
    prompt = await _page(late.end)
    await _publish(_PASSWORD)
    await Event.filter(type__in=[_UPDATED.value, _LAPSED.value]).update(occurred_at=utc_now() - 2 * _MONTH)

    await Cleanup(Retention(events=_MONTH)).clean_up()

    assert await read(late.end, 100) == PositionGone(2)
    assert await read(0, 100) == PositionGone(2)
    assert _types(await _page(prompt.end)) == [_PASSWORD]
    assert _types(await _page()) == [_PASSWORD]


async def test_a_position_that_the_feed_has_not_reached_is_refused() -> None:
    await _publish(_UPDATED)

    assert await read(2, 100) == PositionGone(0)
    assert await read(-1, 100) == PositionGone(0)
    assert await read(10**30, 100) == PositionGone(0)


async def test_no_position_is_used_twice() -> None:
    await _publish(_UPDATED, _LAPSED)
    await _page()
    await Cleanup(Retention(events=-_MONTH)).clean_up()
    assert await Event.all().count() == 0

    await _publish(_PASSWORD)

    assert [event.position for event in (await _page()).events] == [3]


async def test_events_without_a_position_are_not_deleted() -> None:
    await _publish(_UPDATED)
    await Event.all().update(occurred_at=utc_now() - 2 * _MONTH)

    await Cleanup(Retention(events=_MONTH)).clean_up()

    assert _types(await _page()) == [_UPDATED]


async def test_many_old_events_are_deleted_in_batches() -> None:
    await _publish(*[_UPDATED] * 1100)
    while (await _page(count=1)).events and await Event.filter(position__isnull=True).exists():
        pass
    await Event.all().update(occurred_at=utc_now() - 2 * _MONTH)

    assert await Cleanup(Retention(events=_MONTH)).clean_up() == 1100
    assert await read(1099, 1) == PositionGone(1100)
    assert (await _page(1100)).events == ()
