"""The password policy, recoverPassword and changePassword."""

from typing import Annotated

import strawberry

from schema.captchas import CaptchaInput
from schema.messages import message_field
from schema.signed_in import SignedInSuccess
from services.accounts.password_policy import PasswordPolicy as Policy
from services.accounts.passwords import PasswordForm
from services.common.outcomes import (
    CaptchaMismatch,
    InvalidInput,
    NotAuthenticated,
    TooManyAttempts,
)


@strawberry.type(description="The rules for passwords, which a form can show in advance.")
class PasswordPolicy:
    minimum_length: int = strawberry.field(
        description="The minimum length of a password, in characters (Unicode code points)."
    )
    maximum_length: int = strawberry.field(
        description="The maximum length of a password, in characters (Unicode code points). Longer passwords are "
        "rejected, never truncated."
    )

    @classmethod
    def of(cls, policy: Policy) -> "PasswordPolicy":
        return cls(minimum_length=policy.minimum_length, maximum_length=policy.maximum_length)


@strawberry.input(description="The input of recoverPassword.")
class RecoverPasswordInput:
    email: str = strawberry.field(description="The account's e-mail address.")
    captcha: CaptchaInput = strawberry.field(description="The answer to a captcha from createCaptcha.")


@strawberry.input(description="The input of changePassword.")
class ChangePasswordInput:
    current_password: str = strawberry.field(
        description="The current password, or the mailed one after recoverPassword."
    )
    new_password: str = strawberry.field(
        description="The new password: it must meet passwordPolicy and differ from the current one."
    )
    new_password_confirmation: str = strawberry.field(description="The new password again.")

    def value(self) -> PasswordForm:
        return PasswordForm(self.current_password, self.new_password, self.new_password_confirmation)


@strawberry.type(description="A new password is mailed if the e-mail address has an account.")
class RecoverPasswordSuccess:
    message: str = message_field()


@strawberry.type(description="The password is changed; all other sessions and all mailed passwords are revoked.")
class ChangePasswordSuccess(SignedInSuccess):
    pass


RecoverPasswordResult = Annotated[
    RecoverPasswordSuccess | CaptchaMismatch | InvalidInput | TooManyAttempts,
    strawberry.union(
        "RecoverPasswordResult",
        description="The result of recoverPassword: the same, in the same time, whether or not the e-mail address has "
        "an account.",
    ),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidInput | NotAuthenticated | TooManyAttempts,
    strawberry.union("ChangePasswordResult", description="The result of changePassword."),
]
