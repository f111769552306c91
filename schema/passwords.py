"""The rules for passwords, their recovery and their change."""

from typing import Annotated

import strawberry

from schema.captchas import CaptchaInput
from schema.messages import message_field
from services.accounts.password_policy import PasswordPolicy as Policy
from services.accounts.passwords import PasswordForm
from services.common.outcomes import (
    CaptchaMismatch,
    InvalidCredentials,
    InvalidInput,
    NotAuthenticated,
    TooManyAttempts,
)


@strawberry.type(description="The rules for passwords, so that a form can show them before it asks.")
class PasswordPolicy:
    minimum_length: int = strawberry.field(
        description="The fewest characters (Unicode code points) that a password may have."
    )
    maximum_length: int = strawberry.field(
        description="The most characters (Unicode code points) that a password may have; nothing is cut off."
    )

    @classmethod
    def of(cls, policy: Policy) -> "PasswordPolicy":
        return cls(minimum_length=policy.minimum_length, maximum_length=policy.maximum_length)


@strawberry.input(description="Whose password to recover.")
class RecoverPasswordInput:
    email: str = strawberry.field(description="The user name.")
    captcha: CaptchaInput = strawberry.field(description="Solved; createCaptcha gives one.")


@strawberry.input(description="A new password for the account that is signed in.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The one that is valid now; the mailed one after a recovery.")
    new_password: str = strawberry.field(description="By the rules of passwordPolicy, and not the current one.")
    new_password_confirmation: str = strawberry.field(description="The new password a second time.")

    def value(self) -> PasswordForm:
        return PasswordForm(self.current_password, self.new_password, self.new_password_confirmation)


@strawberry.type(description="If the e-mail has an account, a mail with a new password is on its way.")
class RecoverPasswordSuccess:
    message: str = message_field()


@strawberry.type(description="The password is changed; every other session and every mailed password has ended.")
class ChangePasswordSuccess:
    message: str = message_field()


RecoverPasswordResult = Annotated[
    RecoverPasswordSuccess | CaptchaMismatch | InvalidInput | TooManyAttempts,
    strawberry.union(
        "RecoverPasswordResult",
        description="What came of recoverPassword: the same, in the same time, whether or not the e-mail is known.",
    ),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentials | InvalidInput | NotAuthenticated | TooManyAttempts,
    strawberry.union("ChangePasswordResult", description="What came of changePassword."),
]
