"""Announces that the paid time of accounts is over, which the clock decides and nobody writes."""

from datetime import datetime
from functools import partial
from uuid import UUID

from models.account import Account
from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from services.events.facts import Details, EventType
from services.events.publishing import publish

_BATCH_SIZE = 100
_DUE = """
SELECT id, lapse_due_at FROM account WHERE lapse_due_at <= $1 AND NOT "lapse_due_at" IS NULL
ORDER BY lapse_due_at LIMIT $2
"""


async def announce_lapses(now: datetime) -> int:
    """Publishes the ends of paid time that have passed, each once, and returns how many it tried: at most a batch.

    Several workers may call it at once, while payments extend the time.
    """
    due = await fetch(_DUE, now, _BATCH_SIZE)
    for row in due:
        await atomically(partial(announce_lapse, as_uuid(row["id"]), as_datetime(row["lapse_due_at"])))
    return len(due)


async def announce_lapse(account_id: UUID, due_at: datetime) -> None:
    """Publishes the end of paid time at `due_at`, in the caller's transaction, unless that is done or no longer so."""
    if await Account.filter(id=account_id, lapse_due_at=due_at).update(lapse_due_at=None):
        await publish(account_id, EventType.ACCOUNT_LAPSED, Details(active_until=due_at))
