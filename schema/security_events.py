"""What happened to an account, for the page on which its owner looks for strangers."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import SecurityEventActor, SecurityEventKind
from schema.list_size import ListSize
from schema.pages import PageInfo
from services.accounts.security_events import SecurityEventPage, SecurityEventView
from services.common.outcomes import InvalidInput
from services.common.pages import MAX_PAGE


@strawberry.type(description="Something that concerns the security of the account.")
class SecurityEvent:
    id: strawberry.ID = strawberry.field(description="A permanent identifier.")
    at: datetime = strawberry.field(description="When it happened.")
    kind: SecurityEventKind = strawberry.field(description="What happened.")
    actor: SecurityEventActor = strawberry.field(description="Who did it.")
    user_agent: str | None = strawberry.field(
        description="The User-Agent of the device, without e-mail addresses and RFCs; null if no device did it."
    )
    session_id: strawberry.ID | None = strawberry.field(
        description="The session that it is about: Session.id. It may have ended. Null if there is none, or several."
    )
    from_this_address: bool | None = strawberry.field(
        description="Whether it came from the IP address of this request (of IPv6: from its /64). The address itself "
        "is not kept. Null if no device did it."
    )

    @strawberry.field(description="What happened, for the user, in the language of Accept-Language.")
    def message(self, info: Info) -> str:
        return info.context.translate(f"SecurityEventKind.{self.kind.name}")

    @classmethod
    def of(cls, view: SecurityEventView) -> "SecurityEvent":
        return cls(
            id=strawberry.ID(str(view.id)),
            at=view.at,
            kind=view.kind,
            actor=view.actor,
            user_agent=view.user_agent,
            session_id=strawberry.ID(str(view.session_id)) if view.session_id else None,
            from_this_address=view.from_this_address,
        )


@strawberry.type(description="An event in a page.")
class SecurityEventEdge:
    cursor: str = strawberry.field(description="The event's place in the list, for `after`.")
    node: SecurityEvent = strawberry.field(description="The event.")


@strawberry.type(description="A page of the account's security events, the newest first.")
class SecurityEventConnection:
    edges: list[SecurityEventEdge] = strawberry.field(
        description="The events of the page, each with its cursor.", directives=[ListSize(assumed_size=MAX_PAGE)]
    )
    page_info: PageInfo = strawberry.field(description="Where the page is in the list.")

    @classmethod
    def of(cls, page: SecurityEventPage) -> "SecurityEventConnection":
        edges = [SecurityEventEdge(cursor=view.cursor, node=SecurityEvent.of(view)) for view in page.views]
        return cls(edges=edges, page_info=PageInfo.of([edge.cursor for edge in edges], has_next_page=page.has_next))


SecurityEventsResult = Annotated[
    SecurityEventConnection | InvalidInput,
    strawberry.union("SecurityEventsResult", description="The result of Account.securityEvents."),
]
