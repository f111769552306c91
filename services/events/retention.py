"""Deletes old events from the beginning of the feed, so that a reader who is too late notices."""

from datetime import datetime

from models.event import Event
from models.event_feed import EventFeed
from models.sql import as_datetime, fetch
from services.events.sequencing import lock_feed

_OLDEST = 'SELECT id, "position", occurred_at FROM "event" WHERE "position" > 0 ORDER BY "position" LIMIT $1'


async def delete_oldest(before: datetime, count: int) -> int:
    """Deletes at most `count` of the first events, up to the first that is not older, in the caller's transaction."""
    await lock_feed()
    expired = []
    for row in await fetch(_OLDEST, count):
        if as_datetime(row["occurred_at"]) > before:
            break
        expired.append(row)
    if expired:
        await EventFeed.filter(id=EventFeed.ID).update(deleted_position=expired[-1]["position"])
        await Event.filter(id__in=[row["id"] for row in expired]).delete()
    return len(expired)
