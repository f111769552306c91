"""The feed of events, as API clients with the scope `events:read` read it."""

from collections.abc import Collection
from dataclasses import dataclass

from services.access.clients import ApiClient, ApiClients, Scope
from services.common.caller import Caller
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import CursorFormat, after_problem, first_problem
from services.events import feed
from services.events.facts import EventType
from services.events.feed import EventView, PositionGone

_CURSORS = CursorFormat(b"e", ">Q")  # the position in the feed


@dataclass(frozen=True, slots=True)
class EventPage:
    """`end` is the cursor up to which nothing that was asked for is left out, also if there are no events."""

    events: tuple[EventView, ...]
    end: str
    has_next: bool


@dataclass(frozen=True, slots=True)
class CursorExpired:
    """Events after this cursor are deleted, or the feed has not reached it, as after restoring a backup."""


@dataclass(frozen=True, slots=True)
class EventFeed:
    clients: ApiClients

    async def page(
        self, caller: Caller, *, after: str | None, first: int, types: Collection[EventType] | None
    ) -> EventPage | CursorExpired | InvalidInput | NotAuthorized | TooManyAttempts:
        """Returns the events after a cursor, or the oldest that are kept, in the order of the feed."""
        client = await self.clients.require(caller, Scope.EVENTS_READ)
        if not isinstance(client, ApiClient):
            return client
        problems: list[FieldProblem] = []
        position = None
        if after is not None:
            read = _CURSORS.read(after)
            if read is None:
                problems.append(after_problem())
            else:
                (position,) = read
        if problem := first_problem(first):
            problems.append(problem)
        if types is not None and not types:
            problems.append(FieldProblem("types", FieldErrorCode.MISSING))
        if problems:
            return InvalidInput(tuple(problems))
        page = await feed.read(position, first, types)
        if isinstance(page, PositionGone):
            return CursorExpired()
        return EventPage(page.events, _CURSORS.write(page.end), page.has_more)


def cursor_of(event: EventView) -> str:
    return _CURSORS.write(event.position)
