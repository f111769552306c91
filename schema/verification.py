"""The account behind a person's token, for back ends."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.account_records import AccountRecord
from schema.enums import VerifiedTokenKind
from schema.errors import register
from schema.messages import message_field
from services.access.verification import SessionNotActive
from services.common.outcomes import NotAuthorized, TooManyAttempts


@strawberry.input(description="The input of verifySession.")
class VerifySessionInput:
    token: str = strawberry.field(description="A session's token, or an access token of createAccessToken.")


@strawberry.type(description="The token's session is open.")
class VerifySessionSuccess:
    message: str = message_field()
    account: AccountRecord = strawberry.field(description="The account, as it is now.")
    session_id: strawberry.ID = strawberry.field(description="The session: Session.id, and `sid` of access tokens.")
    kind: VerifiedTokenKind = strawberry.field(description="The kind of token.")
    audience: str | None = strawberry.field(
        description="The API that an access token is for; refuse the token if that is not yours. Null for a session."
    )
    expires_at: datetime = strawberry.field(
        description="When the token expires. A session may end before; if it is used, it expires later."
    )
    password_change_required: bool = strawberry.field(
        description="Whether the session was opened with a mailed password. Until changePassword, let it do nothing."
    )
    second_factor_enrollment_required: bool = strawberry.field(
        description="Whether the account lacks the second factor that the operator demands. Until confirmTotp, let the "
        "session do nothing."
    )


register(
    SessionNotActive,
    "No open session is behind the token: it is unknown, malformed, expired, for another audience, or its session has "
    "ended; deliberately unspecified.",
)

VerifySessionResult = Annotated[
    VerifySessionSuccess | SessionNotActive | TooManyAttempts | NotAuthorized,
    strawberry.union("VerifySessionResult", description="The result of verifySession."),
]
