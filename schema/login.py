"""Login with an e-mail address and a password."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.account import Account
from schema.captchas import CaptchaInput
from schema.context import Info
from schema.enums import SessionTransport
from schema.errors import register
from services.accounts.login import AccountNotConfirmed, LoginForm, RecoveryRequired
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, InvalidCredentials, InvalidInput, TooManyAttempts
from services.factors.challenges import SecondFactorRequired


@strawberry.input(description="The input of login.")
class LoginInput:
    email: str = strawberry.field(description="The account's e-mail address.")
    password: str = strawberry.field(description="The account's password, or one mailed by recoverPassword.")
    transport: SessionTransport = strawberry.field(
        default=SessionTransport.BEARER, description="How the client sends and receives the session token."
    )
    captcha: CaptchaInput | None = strawberry.field(
        default=None,
        description="The answer to the captcha of a CaptchaRequiredError or CaptchaMismatchError; ignored if no "
        "captcha is required.",
    )
    device_name: str | None = strawberry.field(
        default=None,
        description="A name for this device in me.sessions, such as `Ana's phone`: at most 100 characters.",
    )

    remembered_device: str | None = strawberry.field(
        default=None,
        description="The deviceToken of an earlier verifySecondFactor on this device, to skip the second step. With "
        "COOKIE, the device's cookie counts instead.",
    )

    def value(self) -> LoginForm:
        return LoginForm(self.email, self.password, self.device_name, self.remembered_device)


def _login_message(root: strawberry.Parent["LoginSuccess"], info: Info) -> str:
    if root.account.password_change_required:
        return info.context.translate("LoginSuccess.passwordChangeRequired")
    lacking = root.account.second_factor_enrollment_required
    return info.context.translate("LoginSuccess.secondFactorEnrollmentRequired" if lacking else "LoginSuccess")


@strawberry.type(description="The login succeeded, and a session is open.")
class LoginSuccess:
    account: Account = strawberry.field(description="The account that logged in.")
    message: str = strawberry.field(
        resolver=_login_message,
        description="A message for the user, in the language of Accept-Language: what to do next, if the password was "
        "mailed or a second factor has to be added.",
    )
    token: str | None = strawberry.field(description="The token for `Authorization: Bearer …`; null with COOKIE.")
    expires_at: datetime = strawberry.field(description="When the session expires unless it is used; use extends it.")
    device_token: str | None = strawberry.field(
        default=None,
        description="The token for login's rememberedDevice, for 30 days. Null with COOKIE, which sets a cookie, and "
        "unless verifySecondFactor was to remember the device.",
    )


register(AccountNotConfirmed, "The password is correct, but the registration is not confirmed yet.")
register(
    RecoveryRequired,
    "Login is locked on this network after too many wrong passwords in a row. Recovering or changing the password "
    "unlocks it.",
)

LoginResult = Annotated[
    LoginSuccess
    | SecondFactorRequired
    | InvalidCredentials
    | InvalidInput
    | AccountNotConfirmed
    | CaptchaRequired
    | CaptchaMismatch
    | RecoveryRequired
    | TooManyAttempts,
    strawberry.union("LoginResult", description="The result of login."),
]
