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
from services.common.outcomes import CaptchaMissed, CredentialsRejected, InputRejected, SignedOut, Throttled


async def recover_password(info: Info, input: Sent[RecoverPasswordInput]) -> RecoverPasswordResult:
    match await info.context.services.recovery.request(info.context.caller, input.email, input.captcha.value()):
        case RecoveryRequested():
            return RecoverPasswordSuccess()
        case CaptchaMissed() as outcome:
            return CaptchaMismatchError.of(outcome)
        case InputRejected() as outcome:
            return InvalidInputError.of(outcome)
        case Throttled() as outcome:
            return TooManyAttemptsError.of(outcome)


async def change_password(info: Info, input: Sent[ChangePasswordInput]) -> ChangePasswordResult:
    match await info.context.services.recovery.change(info.context.caller, input.value()):
        case PasswordChanged(ends_at):
            info.context.cookie.prolong(ends_at)
            return ChangePasswordSuccess()
        case CredentialsRejected():
            return InvalidCredentialsError()
        case InputRejected() as outcome:
            return InvalidInputError.of(outcome)
        case SignedOut():
            return NotAuthenticatedError()
        case Throttled() as outcome:
            return TooManyAttemptsError.of(outcome)
