"""Signing in with an e-mail and a password."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.account import Account
from schema.captchas import CaptchaInput
from schema.enums import SessionTransport
from schema.errors import register
from services.accounts.login import AccountNotConfirmed, RecoveryRequired
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, InvalidCredentials, InvalidInput, TooManyAttempts


@strawberry.input(description="Who signs in, and how.")
class LoginInput:
    email: str = strawberry.field(description="The user name.")
    password: str = strawberry.field(description="The account's password, or one that recovery mailed.")
    transport: SessionTransport = strawberry.field(
        default=SessionTransport.BEARER, description="How the session's token travels."
    )
    captcha: CaptchaInput | None = strawberry.field(
        default=None, description="Needed after CaptchaRequiredError, and ignored otherwise."
    )


@strawberry.type(description="Signed in.")
class LoginSuccess:
    account: Account = strawberry.field(description="Who signed in.")
    token: str | None = strawberry.field(description="For `Authorization: Bearer …`; null with COOKIE.")
    expires_at: datetime = strawberry.field(
        description="When the session ends if nothing more is sent; moves with use."
    )


register(AccountNotConfirmed, "The password is right, but the confirmation code has not come back yet.")
register(RecoveryRequired, "Too many wrong passwords in a row: only recovering the password opens the account again.")

LoginResult = Annotated[
    LoginSuccess
    | InvalidCredentials
    | InvalidInput
    | AccountNotConfirmed
    | CaptchaRequired
    | CaptchaMismatch
    | RecoveryRequired
    | TooManyAttempts,
    strawberry.union("LoginResult", description="What came of login."),
]
