"""Reads the feed: events in the order of their positions, which holds each account's events in their order."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from models.event_feed import EventFeed
from models.sql import as_datetime, as_uuid, fetch
from services.events.facts import Details, EventType
from services.events.sequencing import assign_positions

_KNOWN = frozenset(each.value for each in EventType)
_SELECT_BOUNDS = "SELECT last_position, deleted_position FROM event_feed WHERE id = $1"
_COLUMNS = '"position", event_id, type, account_id, occurred_at, details'
_SELECT = f"""
SELECT {_COLUMNS} FROM event WHERE "position" > $1 AND "position" <= $2 ORDER BY "position" LIMIT $3
"""  # noqa: S608  # constants
# By type, so that a rare one is found without reading the others. The last condition is in the words of the index.
_SELECT_TYPE = f"""
SELECT * FROM (
  SELECT {_COLUMNS} FROM event WHERE type = {{place}} AND "position" > $1 AND "position" <= $2
    AND NOT "position" IS NULL
  ORDER BY type, "position" LIMIT $3
) AS {{alias}}
"""  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class EventView:
    """An event; `position` is its place in the feed."""

    position: int
    id: UUID
    type: EventType
    account_id: UUID
    occurred_at: datetime
    details: Details


@dataclass(frozen=True, slots=True)
class Page:
    """Events after a position. `end` is the position up to which nothing that was asked for is left out."""

    events: tuple[EventView, ...]
    end: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class PositionGone:
    """Events after this position are deleted, or it is none of this feed. `kept_from` is the position to go on from."""

    kept_from: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The positions of the last event, and of the last one that is deleted; 0 if there is none."""

    last: int = 0
    deleted: int = 0


async def bounds() -> Bounds:
    rows = await fetch(_SELECT_BOUNDS, EventFeed.ID)
    return Bounds(rows[0]["last_position"], rows[0]["deleted_position"]) if rows else Bounds()


async def read(after: int | None, count: int, types: Collection[EventType] | None = None) -> Page | PositionGone:
    """Returns at most `count` events after a position, or the oldest that are kept, of all types if none are given.

    At least once: whoever reads on from `end` misses none, also while transactions overlap.
    """
    await assign_positions()
    known = await bounds()
    start = known.deleted if after is None else after
    if not known.deleted <= start <= known.last:
        return PositionGone(known.deleted)
    rows = await _rows(start, known.last, count + 1, types)
    deleted = (await bounds()).deleted
    if deleted > start:  # the cleanup has passed this reader
        return PositionGone(deleted)
    known_rows = list(takewhile(lambda row: row["type"] in _KNOWN, rows))
    events = tuple(_view(row) for row in known_rows[:count])
    if len(known_rows) < len(rows):  # this process waits for the release that knows the next event
        return Page(events, events[-1].position if events else start, has_more=False)
    has_more = len(rows) > count
    return Page(events, events[-1].position if has_more else known.last, has_more)


async def _rows(start: int, end: int, count: int, types: Collection[EventType] | None) -> list[Mapping[str, Any]]:
    if types is None:
        return list(await fetch(_SELECT, start, end, count))
    names = sorted({each.value for each in types})
    if not names:
        return []
    return list(await fetch(_merged(len(names)), start, end, count, *names))


def _merged(types: int) -> str:
    return " UNION ALL ".join(_parts(types)) + ' ORDER BY "position" LIMIT $3'


def _parts(types: int) -> Iterator[str]:
    for number in range(types):
        yield _SELECT_TYPE.format(place=f"${number + 4}", alias=f"of_type_{number}")


def _view(row: Mapping[str, Any]) -> EventView:
    return EventView(
        position=row["position"],
        id=as_uuid(row["event_id"]),
        type=EventType(row["type"]),
        account_id=as_uuid(row["account_id"]),
        occurred_at=as_datetime(row["occurred_at"]),
        details=Details.of_json(json.loads(row["details"])),
    )
