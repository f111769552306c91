"""Gives committed events their positions in the feed.

A transaction with an earlier id may be committed after one with a later id was read. So readers do not go by ids: an
event gets its position once it is committed, after everything that was read before.
"""

from tortoise.transactions import in_transaction

from models.event_feed import EventFeed
from models.sql import fetch, is_sqlite

BATCH_SIZE = 500

_WAITING = 'SELECT id FROM event WHERE id > 0 AND "position" IS NULL ORDER BY id'
_ADD_FEED = "INSERT INTO event_feed (id, last_position, deleted_position) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING"
_SELECT_FEED = "SELECT last_position FROM event_feed WHERE id = $1"
_ASSIGN = f"""
UPDATE event SET "position" = $1 + numbered.number
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM ({_WAITING} LIMIT $2) AS waiting) AS numbered
WHERE event.id = numbered.id RETURNING event.id
"""  # noqa: S608  # constants
_ADVANCE = "UPDATE event_feed SET last_position = last_position + $2 WHERE id = $1"


async def assign_positions() -> int:
    """Gives the next BATCH_SIZE committed events their positions, by id, and returns how many there were.

    Any number of processes may call it at once.
    """
    if not await fetch(f"{_WAITING} LIMIT 1"):
        return 0
    async with in_transaction():
        # The lock in one statement and the events in the next, whose snapshot is then younger than the lock: it holds
        # everything that the process before has seen.
        last = await _locked_last()
        assigned = len(await fetch(_ASSIGN, last, BATCH_SIZE))
        await fetch(_ADVANCE, EventFeed.ID, assigned)
    return assigned


async def lock_feed() -> None:
    """Locks the feed until the transaction ends, and adds its row to a new database."""
    await _locked_last()


async def _locked_last() -> int:
    locking = _SELECT_FEED if is_sqlite() else f"{_SELECT_FEED} FOR UPDATE"
    rows = await fetch(locking, EventFeed.ID)
    if not rows:
        await fetch(_ADD_FEED, EventFeed.ID)
        rows = await fetch(locking, EventFeed.ID)
    return int(rows[0]["last_position"])
