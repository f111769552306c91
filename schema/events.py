"""Events, as API clients see them."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.enums import AccountField, EventType
from schema.errors import register
from schema.list_size import ListSize
from schema.pages import PageInfo
from services.access.events import CursorExpired, EventPage, cursor_of
from services.common.outcomes import InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import MAX_PAGE
from services.events.feed import EventView


@strawberry.type(
    description="Something that happened to an account. It says what changed, not the new value: ask for the account."
)
class Event:
    id: strawberry.ID = strawberry.field(
        description="The same whenever the event is read, and `webhook-id` of its webhook: handle each id once."
    )
    type: EventType = strawberry.field(description="What happened.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    account_id: strawberry.ID = strawberry.field(description="The account: Account.id. It may have been deleted since.")
    changed: list[AccountField] | None = strawberry.field(description="What changed, of ACCOUNT_UPDATED.")
    active_until: datetime | None = strawberry.field(
        description="When the paid time ends or ended, of ACCOUNT_ACTIVATED, ACCOUNT_LAPSED and ACCOUNT_DEACTIVATED."
    )
    series_id: strawberry.ID | None = strawberry.field(
        description="The series, of SERIES_CREATED, SERIES_UPDATED, SERIES_DELETED and INVOICE_CONFIRMED."
    )
    request_id: str | None = strawberry.field(description="The reservation, of INVOICE_CONFIRMED.")
    invoice_uuid: strawberry.ID | None = strawberry.field(description="The fiscal folio, of INVOICE_CONFIRMED.")
    stamps_left: int | None = strawberry.field(description="How many stamps were left, of STAMPS_LOW.")

    @classmethod
    def of(cls, view: EventView) -> "Event":
        details = view.details
        return cls(
            id=strawberry.ID(str(view.id)),
            type=view.type,
            occurred_at=view.occurred_at,
            account_id=strawberry.ID(str(view.account_id)),
            changed=[each for each in details.changed if isinstance(each, AccountField)] if details.changed else None,
            active_until=details.active_until,
            series_id=strawberry.ID(str(details.series_id)) if details.series_id else None,
            request_id=details.request_id,
            invoice_uuid=strawberry.ID(str(details.invoice_uuid)) if details.invoice_uuid else None,
            stamps_left=details.stamps_left,
        )


@strawberry.type(description="An event in a page.")
class EventEdge:
    cursor: str = strawberry.field(description="The event's place in the feed, for `after`.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of events. A later event of an account never comes before an earlier one.")
class EventConnection:
    edges: list[EventEdge] = strawberry.field(
        description="The events of the page, each with its cursor.", directives=[ListSize(assumed_size=MAX_PAGE)]
    )
    page_info: PageInfo = strawberry.field(
        description="Where the page is in the feed. Its endCursor is also set for an empty page, and of the last page "
        "it is the end of the feed: go on from there."
    )

    @classmethod
    def of(cls, page: EventPage) -> "EventConnection":
        edges = [EventEdge(cursor=cursor_of(event), node=Event.of(event)) for event in page.events]
        cursors = [edge.cursor for edge in edges]
        return cls(edges=edges, page_info=PageInfo.of(cursors, has_next_page=page.has_next, end=page.end))


register(
    CursorExpired,
    "Events after this cursor are deleted already, or the operator has restored an older backup. Begin again without a "
    "cursor, and compare the accounts.",
)

EventsResult = Annotated[
    EventConnection | CursorExpired | InvalidInput | TooManyAttempts | NotAuthorized,
    strawberry.union("EventsResult", description="The result of events."),
]
