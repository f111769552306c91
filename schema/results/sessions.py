from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import (
    AccountNotConfirmedError,
    CaptchaMismatchError,
    CaptchaRequiredError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    PasswordChangeRequiredError,
    RecoveryRequiredError,
    SessionNotFoundError,
    TooManyAttemptsError,
)
from schema.results.told import told
from schema.types.account import Account


@strawberry.type(description="Signed in.")
class LoginSuccess:
    account: Account = strawberry.field(description="Who signed in.")
    token: str | None = strawberry.field(description="For `Authorization: Bearer …`; null with COOKIE.")
    expires_at: datetime = strawberry.field(
        description="When the session ends if nothing more is sent; moves with use."
    )


@strawberry.type(description="Signed out, also when nobody was signed in.")
class LogoutSuccess:
    message: str = told()


@strawberry.type(description="The session has ended.")
class RevokeSessionSuccess:
    id: strawberry.ID = strawberry.field(description="The session's id, to take it off the list.")


@strawberry.type(description="Every session but the current one has ended.")
class RevokeOtherSessionsSuccess:
    count: int = strawberry.field(description="How many have ended.")


LoginResult = Annotated[
    LoginSuccess
    | InvalidCredentialsError
    | InvalidInputError
    | AccountNotConfirmedError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | RecoveryRequiredError
    | TooManyAttemptsError,
    strawberry.union("LoginResult", description="What came of login."),
]
LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What came of logout.")]
RevokeSessionResult = Annotated[
    RevokeSessionSuccess | SessionNotFoundError | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("RevokeSessionResult", description="What came of revokeSession."),
]
RevokeOtherSessionsResult = Annotated[
    RevokeOtherSessionsSuccess | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("RevokeOtherSessionsResult", description="What came of revokeOtherSessions."),
]
