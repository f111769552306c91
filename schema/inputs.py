"""Inputs: strings as they were typed. What they must look like is for the services to say."""

from typing import Annotated, TypeVar

import strawberry

from schema.enums import Language, SessionTransport
from schema.scalars import BigInt
from services.accounts.passwords import PasswordForm
from services.accounts.registration import RegistrationForm
from services.captcha.service import CaptchaAnswer
from services.company.company_form import CompanyForm
from services.company.series_form import SeriesForm

T = TypeVar("T")
Sent = Annotated[T, strawberry.argument(description="Everything that the mutation needs.")]


@strawberry.input(description="The answer to a captcha.")
class CaptchaInput:
    id: strawberry.ID = strawberry.field(description="The captcha's id.")
    answer: str = strawberry.field(
        description="The two words in their order, or the eight digits, also as Spanish or English number words; case, "
        "accents, spaces and punctuation do not matter."
    )

    def value(self) -> CaptchaAnswer:
        return CaptchaAnswer(self.id, self.answer)


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


@strawberry.input(description="Step 3: the data with which the account invoices, all of them each time.")
class ConfigureCompanyInput:
    legal_name: str = strawberry.field(
        description="The razón social without its régimen societario or, of a person, the name, as the Constancia de "
        "Situación Fiscal shows it: 1 to 300 characters, none of them `|`."
    )
    tax_regime: str = strawberry.field(description="A code of taxRegimes, for the account's taxpayerType.")
    postal_code: str = strawberry.field(description="The código postal of the place of issue: five digits.")

    def value(self) -> CompanyForm:
        return CompanyForm(self.legal_name, self.tax_regime, self.postal_code)


@strawberry.input(description="Step 3: a series of invoices.")
class CreateSeriesInput:
    name: str = strawberry.field(
        description="The Serie of the invoices: up to 25 characters, none of them `|`, and not that of another series; "
        "names that differ only in case are two. One of them may be empty."
    )
    first_folio: BigInt = strawberry.field(
        default=BigInt("1"), description="The folio to begin with, from 1 to 9223372036854775807."
    )
    last_folio: BigInt | None = strawberry.field(
        default=None, description="The folio to end with, not less than the first; left out or empty for none."
    )
    approval_number: BigInt | None = strawberry.field(
        default=None,
        description="The number of the SAT's approval, up to 14 digits: only for folios of the scheme before CFDI, and "
        "together with its year. Empty is left out.",
    )
    approval_year: int | None = strawberry.field(default=None, description="The year of that approval, 2004 to 2014.")

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(description="A series as it shall be: what is left out is taken from it.")
class UpdateSeriesInput:
    id: strawberry.ID = strawberry.field(description="From me.company.series.")
    name: str = strawberry.field(
        description="As in CreateSeriesInput; stays what it is once folios were taken, so that no folio is taken twice."
    )
    first_folio: BigInt = strawberry.field(description="Stays what it is once folios were taken, too.")
    last_folio: BigInt | None = strawberry.field(
        default=None, description="Not less than what was taken; left out or empty for none."
    )
    approval_number: BigInt | None = strawberry.field(default=None, description="As in CreateSeriesInput.")
    approval_year: int | None = strawberry.field(default=None, description="As in CreateSeriesInput.")

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(description="Which series to delete.")
class DeleteSeriesInput:
    id: strawberry.ID = strawberry.field(description="From me.company.series.")


@strawberry.input(description="What to pay with PayPal.")
class StartPayPalPaymentInput:
    plan_id: strawberry.ID = strawberry.field(description="From plans.")


@strawberry.input(description="Which order the payer has approved.")
class CompletePayPalPaymentInput:
    order_id: strawberry.ID = strawberry.field(
        description="From startPayPalPayment, or the `token` in the address that PayPal sent the payer back to."
    )


@strawberry.input(description="What to pay with a bank deposit.")
class RequestBankDepositInput:
    plan_id: strawberry.ID = strawberry.field(description="From plans.")
