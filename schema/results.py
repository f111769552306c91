"""Results: one union a mutation. A union may gain members in a minor release; none leaves it."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import (
    AccountNotConfirmedError,
    CaptchaMismatchError,
    CaptchaRequiredError,
    InvalidConfirmationCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    PasswordChangeRequiredError,
    RecoveryRequiredError,
    SessionNotFoundError,
    TooManyAttemptsError,
    UserAlreadyExistsError,
)
from schema.types import Account, Captcha


def _message(root: strawberry.Parent[object], info: Info) -> str:
    return info.context.translate(type(root).__name__, vars(root))


def _told() -> str:
    return strawberry.field(
        resolver=_message, description="What to tell the person, in the language of Accept-Language."
    )


@strawberry.type(description="The account is created, and a mail with the confirmation code is on its way.")
class CreateAccountSuccess:
    message: str = _told()
    email: str = strawberry.field(description="What was sent, normalised.")
    rfc: str = strawberry.field(description="What was sent, normalised.")


@strawberry.type(description="If a registration of this e-mail waits for its code, a mail with one is on its way.")
class ResendConfirmationCodeSuccess:
    message: str = _told()


@strawberry.type(description="The account is confirmed; now it can sign in.")
class ConfirmAccountSuccess:
    message: str = _told()
    email: str = strawberry.field(description="The account's e-mail, to fill into the sign-in form.")


@strawberry.type(description="Signed in.")
class LoginSuccess:
    account: Account = strawberry.field(description="Who signed in.")
    token: str | None = strawberry.field(description="For `Authorization: Bearer …`; null with COOKIE.")
    expires_at: datetime = strawberry.field(
        description="When the session ends if nothing more is sent; moves with use."
    )


@strawberry.type(description="Signed out, also when nobody was signed in.")
class LogoutSuccess:
    message: str = _told()


@strawberry.type(description="A fresh captcha.")
class CreateCaptchaSuccess:
    captcha: Captcha = strawberry.field(description="Good for five minutes and one answer.")


@strawberry.type(description="If the e-mail has an account, a mail with a new password is on its way.")
class RecoverPasswordSuccess:
    message: str = _told()


@strawberry.type(description="The password is changed; every other session and every mailed password has ended.")
class ChangePasswordSuccess:
    message: str = _told()


@strawberry.type(description="The session has ended.")
class RevokeSessionSuccess:
    id: strawberry.ID = strawberry.field(description="The session's id, to take it off the list.")


@strawberry.type(description="Every session but the current one has ended.")
class RevokeOtherSessionsSuccess:
    count: int = strawberry.field(description="How many have ended.")


CreateAccountResult = Annotated[
    CreateAccountSuccess
    | UserAlreadyExistsError
    | InvalidInputError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | TooManyAttemptsError,
    strawberry.union("CreateAccountResult", description="What came of createAccount."),
]
ResendConfirmationCodeResult = Annotated[
    ResendConfirmationCodeSuccess
    | InvalidInputError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | TooManyAttemptsError,
    strawberry.union(
        "ResendConfirmationCodeResult",
        description="What came of resendConfirmationCode: the same whether or not the e-mail is known or confirmed.",
    ),
]
ConfirmAccountResult = Annotated[
    ConfirmAccountSuccess | InvalidConfirmationCodeError | TooManyAttemptsError,
    strawberry.union("ConfirmAccountResult", description="What came of confirmAccount."),
]
LoginResult = Annotated[
    LoginSuccess
    | InvalidCredentialsError
    | AccountNotConfirmedError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | RecoveryRequiredError
    | TooManyAttemptsError,
    strawberry.union("LoginResult", description="What came of login."),
]
LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What came of logout.")]
CreateCaptchaResult = Annotated[
    CreateCaptchaSuccess | TooManyAttemptsError,
    strawberry.union("CreateCaptchaResult", description="What came of createCaptcha."),
]
RecoverPasswordResult = Annotated[
    RecoverPasswordSuccess | CaptchaMismatchError | InvalidInputError | TooManyAttemptsError,
    strawberry.union(
        "RecoverPasswordResult",
        description="What came of recoverPassword: the same, in the same time, whether or not the e-mail is known.",
    ),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentialsError | InvalidInputError | NotAuthenticatedError | TooManyAttemptsError,
    strawberry.union("ChangePasswordResult", description="What came of changePassword."),
]
RevokeSessionResult = Annotated[
    RevokeSessionSuccess | SessionNotFoundError | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("RevokeSessionResult", description="What came of revokeSession."),
]
RevokeOtherSessionsResult = Annotated[
    RevokeOtherSessionsSuccess | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("RevokeOtherSessionsResult", description="What came of revokeOtherSessions."),
]
