"""The sessions of an account, and how they end."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.messages import message_field
from services.accounts.sessions import SessionNotFound, SessionView
from services.common.outcomes import NotAuthenticated, PasswordChangeRequired


@strawberry.type(description="A device that is signed in.")
class Session:
    id: strawberry.ID = strawberry.field(description="Goes into revokeSession; it is not the token.")
    created_at: datetime = strawberry.field(description="When it signed in.")
    last_seen_at: datetime = strawberry.field(description="When it was last used, to five minutes.")
    expires_at: datetime = strawberry.field(description="When it ends if nothing more is sent; moves with use.")
    user_agent: str | None = strawberry.field(description="What the device called itself when it signed in.")
    ip_address: str | None = strawberry.field(description="The address that it signed in from.")
    current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, view: SessionView) -> "Session":
        return cls(
            id=strawberry.ID(str(view.id)),
            created_at=view.created_at,
            last_seen_at=view.last_seen_at,
            expires_at=view.expires_at,
            user_agent=view.user_agent,
            ip_address=view.ip_address,
            current=view.current,
        )


@strawberry.input(description="Which session to end.")
class RevokeSessionInput:
    id: strawberry.ID = strawberry.field(description="From me.sessions.")


@strawberry.type(description="Signed out, also when nobody was signed in.")
class LogoutSuccess:
    message: str = message_field()


@strawberry.type(description="The session has ended.")
class RevokeSessionSuccess:
    id: strawberry.ID = strawberry.field(description="The session's id, to take it off the list.")


@strawberry.type(description="Every session but the current one has ended.")
class RevokeOtherSessionsSuccess:
    count: int = strawberry.field(description="How many have ended.")


register(SessionNotFound, "None of the account's sessions has this id; perhaps it has just ended.")

LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What came of logout.")]
RevokeSessionResult = Annotated[
    RevokeSessionSuccess | SessionNotFound | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("RevokeSessionResult", description="What came of revokeSession."),
]
RevokeOtherSessionsResult = Annotated[
    RevokeOtherSessionsSuccess | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("RevokeOtherSessionsResult", description="What came of revokeOtherSessions."),
]
