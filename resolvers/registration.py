from schema.context import Info
from schema.errors import (
    CaptchaMismatchError,
    CaptchaRequiredError,
    InvalidConfirmationCodeError,
    InvalidInputError,
    TooManyAttemptsError,
    UserAlreadyExistsError,
)
from schema.inputs import ConfirmAccountInput, CreateAccountInput, ResendConfirmationCodeInput, Sent
from schema.results.registration import (
    ConfirmAccountResult,
    ConfirmAccountSuccess,
    CreateAccountResult,
    CreateAccountSuccess,
    ResendConfirmationCodeResult,
    ResendConfirmationCodeSuccess,
)
from schema.types.account import PasswordPolicy
from services.accounts.registration import (
    CodeRequested,
    Confirmed,
    InvalidConfirmationCode,
    Registered,
    UserAlreadyExists,
)
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, InvalidInput, TooManyAttempts


async def password_policy(info: Info) -> PasswordPolicy:
    return PasswordPolicy.of(info.context.services.password_policy)


async def create_account(info: Info, input: Sent[CreateAccountInput]) -> CreateAccountResult:
    captcha = input.captcha.value() if input.captcha else None
    match await info.context.services.registration.create(info.context.caller, input.value(), captcha):
        case Registered(email, rfc):
            return CreateAccountSuccess(email=email, rfc=rfc)
        case UserAlreadyExists():
            return UserAlreadyExistsError()
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case CaptchaRequired() as outcome:
            return CaptchaRequiredError.of(outcome)
        case CaptchaMismatch() as outcome:
            return CaptchaMismatchError.of(outcome)
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def resend_confirmation_code(
    info: Info, input: Sent[ResendConfirmationCodeInput]
) -> ResendConfirmationCodeResult:
    captcha = input.captcha.value() if input.captcha else None
    match await info.context.services.registration.resend(info.context.caller, input.email, captcha):
        case CodeRequested():
            return ResendConfirmationCodeSuccess()
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case CaptchaRequired() as outcome:
            return CaptchaRequiredError.of(outcome)
        case CaptchaMismatch() as outcome:
            return CaptchaMismatchError.of(outcome)
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def confirm_account(info: Info, input: Sent[ConfirmAccountInput]) -> ConfirmAccountResult:
    match await info.context.services.registration.confirm(info.context.caller, input.code):
        case Confirmed(email):
            return ConfirmAccountSuccess(email=email)
        case InvalidConfirmationCode():
            return InvalidConfirmationCodeError()
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)
