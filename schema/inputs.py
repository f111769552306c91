"""Inputs: strings as they were typed. What they must look like is for the services to say."""

from typing import Annotated, TypeVar

import strawberry

from schema.enums import Language, SessionTransport
from services.captchas import CaptchaAnswer
from services.recovery import PasswordForm
from services.registration import RegistrationForm

T = TypeVar("T")
Sent = Annotated[T, strawberry.argument(description="Everything that the mutation needs.")]


@strawberry.input(description="The answer to a captcha.")
class CaptchaInput:
    id: strawberry.ID = strawberry.field(description="The captcha's id.")
    answer: str = strawberry.field(
        description="The two words or the eight digits; case, accents and extra blanks do not matter."
    )

    def value(self) -> CaptchaAnswer:
        return CaptchaAnswer(self.id, self.answer)


@strawberry.input(description="Step 1: the form that creates an account.")
class CreateAccountInput:
    rfc: str = strawberry.field(
        description="12 characters for companies, 13 for people; lower case, blanks and hyphens are tolerated."
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
    code: str = strawberry.field(description="40 characters; white space around and inside is ignored.")


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


@strawberry.input(description="Which session to end.")
class RevokeSessionInput:
    id: strawberry.ID = strawberry.field(description="From me.sessions.")
