"""Steps 1 and 2: registration, and confirmation with the mailed code."""

from typing import Annotated

import strawberry

from schema.captchas import CaptchaInput
from schema.enums import Language
from schema.errors import register
from schema.messages import message_field
from services.accounts.confirmation_code import InvalidConfirmationCode
from services.accounts.registration import RegistrationForm, UserAlreadyExists
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, InvalidInput, TooManyAttempts


@strawberry.input(description="The input of createAccount.")
class CreateAccountInput:
    rfc: str = strawberry.field(
        description="The RFC (tax ID): 12 characters for companies, 13 for people. Case, spaces, dashes and invisible "
        "characters are ignored."
    )
    email: str = strawberry.field(
        description="The e-mail address, which becomes the user name. The confirmation code is mailed to it."
    )
    password: str = strawberry.field(description="The password: it must meet passwordPolicy.")
    password_confirmation: str = strawberry.field(description="The password again.")
    language: Language | None = strawberry.field(
        default=None, description="The language of mails; defaults to that of Accept-Language."
    )
    accepted_privacy_notice: str | None = strawberry.field(
        default=None,
        description="The version of the privacy notice that the person read and accepted: required if privacyNotice "
        "is not null, and ignored otherwise.",
    )
    captcha: CaptchaInput | None = strawberry.field(
        default=None,
        description="The answer to the captcha of a CaptchaRequiredError or CaptchaMismatchError; ignored if no "
        "captcha is required.",
    )

    def value(self) -> RegistrationForm:
        return RegistrationForm(
            self.rfc,
            self.email,
            self.password,
            self.password_confirmation,
            self.language,
            self.accepted_privacy_notice,
        )


@strawberry.input(description="The input of resendConfirmationCode.")
class ResendConfirmationCodeInput:
    email: str = strawberry.field(description="The registered e-mail address.")
    captcha: CaptchaInput | None = strawberry.field(
        default=None,
        description="The answer to the captcha of a CaptchaRequiredError or CaptchaMismatchError; ignored if no "
        "captcha is required.",
    )


@strawberry.input(description="The input of confirmAccount.")
class ConfirmAccountInput:
    code: str = strawberry.field(
        description="The confirmation code: 40 characters. Spaces, line breaks, dashes and case are ignored. The "
        "mail's whole link or sentence is accepted, too."
    )


@strawberry.type(description="The registration is saved. A mail with the confirmation code was sent or is on its way.")
class CreateAccountSuccess:
    message: str = message_field()
    email: str = strawberry.field(description="The value that was sent, normalized.")
    rfc: str = strawberry.field(description="The value that was sent, normalized.")


@strawberry.type(
    description="A new code is mailed if the e-mail address has an unconfirmed registration; if it has several, one "
    "for each of up to three."
)
class ResendConfirmationCodeSuccess:
    message: str = message_field()


@strawberry.type(description="The account is confirmed and can log in.")
class ConfirmAccountSuccess:
    message: str = message_field()
    email: str = strawberry.field(description="The account's e-mail address, to prefill the login form.")


register(UserAlreadyExists, "The e-mail address already has an account.")
register(
    InvalidConfirmationCode,
    "The code is unknown or expired, or another registration with its e-mail address has been confirmed.",
)

CreateAccountResult = Annotated[
    CreateAccountSuccess | UserAlreadyExists | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts,
    strawberry.union("CreateAccountResult", description="The result of createAccount."),
]
ResendConfirmationCodeResult = Annotated[
    ResendConfirmationCodeSuccess | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts,
    strawberry.union(
        "ResendConfirmationCodeResult",
        description="The result of resendConfirmationCode: the same whether or not the e-mail address is registered "
        "or confirmed.",
    ),
]
ConfirmAccountResult = Annotated[
    ConfirmAccountSuccess | InvalidConfirmationCode | InvalidInput | TooManyAttempts,
    strawberry.union("ConfirmAccountResult", description="The result of confirmAccount."),
]
