"""Adds events to the feed, in the transaction of the fact. Nothing else adds to it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from models.account import Account
from models.event import Event
from models.sql import is_sqlite
from services.common.clock import utc_now
from services.events.facts import NO_DETAILS, Details, EventType


async def lock_account(account_id: UUID) -> None:
    """Locks the account until the transaction ends.

    For transactions that lock rows of the account before they publish, since every transaction locks the account first.
    On SQLite, a transaction locks everything from its beginning.
    """
    if not is_sqlite():
        await Account.filter(id=account_id).select_for_update().only("id")


async def publish(account_id: UUID, type: EventType, details: Details = NO_DETAILS) -> None:
    """Adds an event of an account. An account that another transaction has deleted gets no more events.

    It writes the account first, which locks it, so that the events of an account get their ids in the order of their
    commits.
    """
    now = utc_now()
    if await Account.filter(id=account_id).update(updated_at=now):
        await Event.bulk_create([_event(account_id, type, details, now)])


async def publish_for_each(facts: Iterable[tuple[UUID, EventType, Details]], now: datetime | None = None) -> None:
    """Adds events of many accounts, which the transaction has locked or created; in the given order."""
    now, given = now or utc_now(), list(facts)
    await Account.filter(id__in={account_id for account_id, _, _ in given}).update(updated_at=now)
    await Event.bulk_create(_event(*fact, now) for fact in given)


def _event(account_id: UUID, type: EventType, details: Details, now: datetime) -> Event:
    return Event(event_id=uuid4(), type=type.value, account_id=account_id, occurred_at=now, details=details.as_json())
