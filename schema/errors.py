"""Failures that the person using the app can do something about. Their texts are in locales/, under the type's name."""

from datetime import timedelta

import strawberry

from schema.context import Info
from schema.enums import FieldErrorCode, OnboardingStep
from schema.list_size import ListSize
from schema.types.account import Activation
from schema.types.captcha import Captcha
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, FieldProblem, InvalidInput, TooManyAttempts

MAX_PROBLEMS = 10  # of one input: one for each of its fields


@strawberry.interface(
    description="A failure that the person using the app can do something about. Every failure implements it: select "
    "`... on UserError { message }` to be ready for those that join a union later."
)
class UserError:
    @strawberry.field(
        description="What to tell the person, in the language of Accept-Language: what happened, and what to do next."
    )
    def message(self, info: Info) -> str:
        return info.context.translate(type(self).__name__, vars(self))


@strawberry.type(description="What is wrong with one field of an input.")
class FieldError(UserError):
    field: str = strawberry.field(
        description="The field's path in the input, in camelCase, with dots if it is nested: `captcha.answer`."
    )
    code: FieldErrorCode = strawberry.field(description="What is wrong, for programs.")
    character: str | None = strawberry.field(
        description="The character that FORBIDDEN_CHARACTER means, as message shows it: `«А» (U+0410)`, or `U+200B` "
        "for one that nobody sees; null with other codes.",
    )
    minimum: str | None = strawberry.field(
        description="The least that the field takes, whatever the code. For a text: how many characters. For folios, "
        "approvalNumber and approvalYear: the value itself. A string of decimal digits; null if there is no minimum."
    )
    maximum: str | None = strawberry.field(
        description="The most that the field takes, in the same unit; null if there is no maximum."
    )

    @strawberry.field(
        description="What to write at the field, in the language of Accept-Language: what is right, and what to do."
    )
    def message(self, info: Info) -> str:
        key = f"FieldError.{self.field}.{self.code.name}"
        return info.context.translate(key, vars(self), otherwise=f"FieldErrorCode.{self.code.name}")

    @classmethod
    def of(cls, problem: FieldProblem) -> "FieldError":
        return cls(
            field=problem.field,
            code=problem.code,
            character=problem.character,
            minimum=None if problem.minimum is None else str(problem.minimum),
            maximum=None if problem.maximum is None else str(problem.maximum),
        )


@strawberry.type(description="Every field that is wrong, at once, so that a form can mark them all.")
class InvalidInputError(UserError):
    fields: list[FieldError] = strawberry.field(
        description="At least one, in the order of the form.", directives=[ListSize(assumed_size=MAX_PROBLEMS)]
    )

    @classmethod
    def of(cls, outcome: InvalidInput) -> "InvalidInputError":
        return cls(fields=[FieldError.of(problem) for problem in outcome.problems])


@strawberry.type(description="The e-mail has an account.")
class UserAlreadyExistsError(UserError):
    pass


@strawberry.type(description="The limit is reached; nothing was done.")
class TooManyAttemptsError(UserError):
    retry_after_seconds: int = strawberry.field(description="After how many seconds trying again makes sense.")
    wait: strawberry.Private[timedelta]

    @classmethod
    def of(cls, outcome: TooManyAttempts) -> "TooManyAttemptsError":
        seconds = outcome.retry_after_seconds
        return cls(retry_after_seconds=seconds, wait=timedelta(seconds=seconds))


@strawberry.type(description="The code is unknown or expired, or another registration of its e-mail was confirmed.")
class InvalidConfirmationCodeError(UserError):
    pass


@strawberry.type(description="The e-mail, the password or both are wrong: which is not told.")
class InvalidCredentialsError(UserError):
    pass


@strawberry.type(description="The password is right, but the confirmation code has not come back yet.")
class AccountNotConfirmedError(UserError):
    pass


@strawberry.type(description="Send the same again with this captcha's answer.")
class CaptchaRequiredError(UserError):
    captcha: Captcha = strawberry.field(description="A fresh one, so that the form needs no second request.")

    @classmethod
    def of(cls, outcome: CaptchaRequired) -> "CaptchaRequiredError":
        return cls(captcha=Captcha.of(outcome.captcha))


@strawberry.type(description="The captcha's answer is wrong, late or was used before.")
class CaptchaMismatchError(UserError):
    captcha: Captcha = strawberry.field(description="A fresh one, so that the form needs no second request.")

    @classmethod
    def of(cls, outcome: CaptchaMismatch) -> "CaptchaMismatchError":
        return cls(captcha=Captcha.of(outcome.captcha))


@strawberry.type(description="Too many wrong passwords in a row: only recovering the password opens the account again.")
class RecoveryRequiredError(UserError):
    pass


@strawberry.type(description="Nobody is signed in with this token or cookie.")
class NotAuthenticatedError(UserError):
    pass


@strawberry.type(
    description="Signed in with a mailed password: only me, changePassword and logout are open until it is changed."
)
class PasswordChangeRequiredError(UserError):
    pass


@strawberry.type(description="None of the account's sessions has this id; perhaps it has just ended.")
class SessionNotFoundError(UserError):
    pass


@strawberry.type(description="The company's data come before its series: configureCompany first.")
class CompanyNotConfiguredError(UserError):
    pass


@strawberry.type(description="The company has as many series as it may have.")
class SeriesLimitReachedError(UserError):
    maximum: int = strawberry.field(description="How many a company may have.")


@strawberry.type(description="None of the account's series has this id; perhaps it was just deleted.")
class SeriesNotFoundError(UserError):
    pass


@strawberry.type(description="Folios of the series were taken, so it stays.")
class SeriesInUseError(UserError):
    pass


@strawberry.type(description="It is the company's only series: create another one first.")
class LastSeriesError(UserError):
    pass


@strawberry.type(description="None of the plans has this id.")
class PlanNotFoundError(UserError):
    pass


@strawberry.type(description="The operator does not take payments this way; paymentMethods lists the ways.")
class PaymentMethodUnavailableError(UserError):
    pass


@strawberry.type(description="An earlier step comes first.")
class OnboardingIncompleteError(UserError):
    step: OnboardingStep = strawberry.field(description="The step to show.")


@strawberry.type(
    description="The account is paid for; it can be prolonged in the last thirty days, or ten for each month that is "
    "bought."
)
class AlreadyActiveError(UserError):
    activation: Activation = strawberry.field(description="Since when and until when.")


@strawberry.type(
    description="A payment is under way, and whether the money came is not known yet. Do not have the person pay "
    "again: me.paymentPending turns false once it is known, and a mail tells the person."
)
class PaymentPendingError(UserError):
    pass


@strawberry.type(description="PayPal does not answer. Nothing was paid.")
class PaymentProviderUnavailableError(UserError):
    pass


@strawberry.type(description="The payer has not approved the order yet.")
class PaymentNotApprovedError(UserError):
    approval_url: str = strawberry.field(description="PayPal's page: lead the payer there.")


@strawberry.type(description="PayPal could not take the money. Nothing was paid.")
class PaymentDeclinedError(UserError):
    retry_url: str | None = strawberry.field(
        description="PayPal's page, where the payer can choose another way to pay; null where the order has ended."
    )


@strawberry.type(description="The account has no payment of this order that can still be completed.")
class PaymentNotFoundError(UserError):
    pass
