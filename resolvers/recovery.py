from schema.context import Info
from schema.errors import (
    CaptchaMismatchError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    TooManyAttemptsError,
)
from schema.inputs import ChangePasswordInput, RecoverPasswordInput, Sent
from schema.results.recovery import (
    ChangePasswordResult,
    ChangePasswordSuccess,
    RecoverPasswordResult,
    RecoverPasswordSuccess,
)
from services.accounts.passwords import PasswordChanged, RecoveryRequested
from services.common.outcomes import (
    CaptchaMismatch,
    InvalidCredentials,
    InvalidInput,
    NotAuthenticated,
    TooManyAttempts,
)


async def recover_password(info: Info, input: Sent[RecoverPasswordInput]) -> RecoverPasswordResult:
    match await info.context.services.passwords.request(info.context.caller, input.email, input.captcha.value()):
        case RecoveryRequested():
            return RecoverPasswordSuccess()
        case CaptchaMismatch() as outcome:
            return CaptchaMismatchError.of(outcome)
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def change_password(info: Info, input: Sent[ChangePasswordInput]) -> ChangePasswordResult:
    match await info.context.services.passwords.change(info.context.caller, input.value()):
        case PasswordChanged(ends_at):
            info.context.cookie.extend(ends_at)
            return ChangePasswordSuccess()
        case InvalidCredentials():
            return InvalidCredentialsError()
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case NotAuthenticated():
            return NotAuthenticatedError()
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)
