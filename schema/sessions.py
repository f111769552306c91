"""The sessions of an account and the mutations that end them."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.messages import message_field
from schema.signed_in import SignedInSuccess
from services.accounts.device_name import MAX_LENGTH
from services.accounts.sessions import SessionNotFound, SessionView
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession


@strawberry.type(description="An open session on a device.")
class Session:
    id: strawberry.ID = strawberry.field(description="The identifier of the session, for revokeSession; not the token.")
    created_at: datetime = strawberry.field(description="When the session was opened.")
    last_seen_at: datetime = strawberry.field(description="When the session was last used, accurate to 5 minutes.")
    expires_at: datetime = strawberry.field(description="When the session expires unless it is used; use extends it.")
    device_name: str | None = strawberry.field(
        description="The name of the device: that of renameSession, or else the one that the client gave at login."
    )
    user_agent: str | None = strawberry.field(description="The User-Agent of the device at login.")
    ip_address: str | None = strawberry.field(description="The IP address at login.")
    current: bool = strawberry.field(description="Whether this is the session of the current request.")

    @classmethod
    def of(cls, view: SessionView) -> "Session":
        return cls(
            id=strawberry.ID(str(view.id)),
            created_at=view.created_at,
            last_seen_at=view.last_seen_at,
            expires_at=view.expires_at,
            device_name=view.device_name,
            user_agent=view.user_agent,
            ip_address=view.ip_address,
            current=view.current,
        )


@strawberry.input(description="The input of revokeSession.")
class RevokeSessionInput:
    id: strawberry.ID = strawberry.field(description="The id of the session, from me.sessions.")


@strawberry.input(description="The input of renameSession.")
class RenameSessionInput:
    id: strawberry.ID = strawberry.field(description="The id of the session, from me.sessions.")
    device_name: str | None = strawberry.field(
        default=None,
        description=f"What its owner calls the device, with at most {MAX_LENGTH} characters; null takes the name back.",
    )


@strawberry.type(description="The session has ended, or there was none.")
class LogoutSuccess:
    message: str = message_field()


@strawberry.type(description="The session has ended.")
class RevokeSessionSuccess(SignedInSuccess):
    id: strawberry.ID = strawberry.field(description="The id of the ended session, to remove it from a list.")


@strawberry.type(description="The device has its name, or none.")
class RenameSessionSuccess(SignedInSuccess):
    session: Session = strawberry.field(description="The session as it is now.")


@strawberry.type(description="All other sessions have ended.")
class RevokeOtherSessionsSuccess(SignedInSuccess):
    count: int = strawberry.field(description="The number of ended sessions.")


register(SessionNotFound, "The account has no session with this id; it may have ended.")

LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="The result of logout.")]
RevokeSessionResult = Annotated[
    RevokeSessionSuccess | SessionNotFound | RestrictedSession | NotAuthenticated,
    strawberry.union("RevokeSessionResult", description="The result of revokeSession."),
]
RenameSessionResult = Annotated[
    RenameSessionSuccess | InvalidInput | SessionNotFound | RestrictedSession | NotAuthenticated,
    strawberry.union("RenameSessionResult", description="The result of renameSession."),
]
RevokeOtherSessionsResult = Annotated[
    RevokeOtherSessionsSuccess | RestrictedSession | NotAuthenticated,
    strawberry.union("RevokeOtherSessionsResult", description="The result of revokeOtherSessions."),
]
