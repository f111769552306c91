from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import EventType
from schema.events import EventConnection, EventsResult
from schema.pages import After, First
from services.access.events import EventPage
from services.common.pages import DEFAULT_PAGE


async def events(
    info: Info,
    after: After = None,
    first: First = DEFAULT_PAGE,
    types: Annotated[
        list[EventType] | None, strawberry.argument(description="Which types to return; omit it for all.")
    ] = None,
) -> EventsResult:
    match await info.context.services.event_feed.page(info.context.caller, after=after, first=first, types=types):
        case EventPage() as page:
            return EventConnection.of(page)
        case failure:
            return failure
