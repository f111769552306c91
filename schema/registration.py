"""Steps 1 and 2: registering, and confirming with the code from the mail."""

from typing import Annotated

import strawberry

from schema.captchas import CaptchaInput
from schema.enums import Language
from schema.errors import register
from schema.messages import message_field
from services.accounts.registration import InvalidConfirmationCode, RegistrationForm, UserAlreadyExists
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, InvalidInput, TooManyAttempts


@strawberry.input(description="Step 1: the form that creates an account.")
class CreateAccountInput:
    rfc: str = strawberry.field(
        description="12 characters for companies, 13 for people; lower case, spaces, dashes and invisible characters "
        "do not matter."
    )
    email: str = strawberry.field(description="Becomes the user name; the confirmation code is mailed to it.")
    password: str = strawberry.field(description="By the rules of passwordPolicy.")
    password_confirmation: str = strawberry.field(description="The password a second time.")
    language: Language | None = strawberry.field(
        default=None, description="The language of mails; by Accept-Language where it is left out."
    )
    captcha: CaptchaInput | None = strawberry.field(
        default=None, description="Needed after CaptchaRequiredError, and ignored otherwise."
    )

    def value(self) -> RegistrationForm:
        return RegistrationForm(self.rfc, self.email, self.password, self.password_confirmation, self.language)


@strawberry.input(description="Whose confirmation code to send again.")
class ResendConfirmationCodeInput:
    email: str = strawberry.field(description="The e-mail that was registered.")
    captcha: CaptchaInput | None = strawberry.field(
        default=None, description="Needed after CaptchaRequiredError, and ignored otherwise."
    )


@strawberry.input(description="Step 2: the code from the mail.")
class ConfirmAccountInput:
    code: str = strawberry.field(
        description="40 characters; spaces, line breaks, dashes and case do not matter, and it may stand in the mail's "
        "link or sentence."
    )


@strawberry.type(description="The registration is saved. A mail with the confirmation code was sent, or is on its way.")
class CreateAccountSuccess:
    message: str = message_field()
    email: str = strawberry.field(description="What was sent, normalised.")
    rfc: str = strawberry.field(description="What was sent, normalised.")


@strawberry.type(
    description="If a registration of this e-mail waits for its code, a mail with one is on its way; if several do, a "
    "mail for each of up to three."
)
class ResendConfirmationCodeSuccess:
    message: str = message_field()


@strawberry.type(description="The account is confirmed; now it can sign in.")
class ConfirmAccountSuccess:
    message: str = message_field()
    email: str = strawberry.field(description="The account's e-mail, to fill into the sign-in form.")


register(UserAlreadyExists, "The e-mail has an account.")
register(
    InvalidConfirmationCode, "The code is unknown or expired, or another registration of its e-mail was confirmed."
)

CreateAccountResult = Annotated[
    CreateAccountSuccess | UserAlreadyExists | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts,
    strawberry.union("CreateAccountResult", description="What came of createAccount."),
]
ResendConfirmationCodeResult = Annotated[
    ResendConfirmationCodeSuccess | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts,
    strawberry.union(
        "ResendConfirmationCodeResult",
        description="What came of resendConfirmationCode: the same whether or not the e-mail is known or confirmed.",
    ),
]
ConfirmAccountResult = Annotated[
    ConfirmAccountSuccess | InvalidConfirmationCode | InvalidInput | TooManyAttempts,
    strawberry.union("ConfirmAccountResult", description="What came of confirmAccount."),
]
