import strawberry

from schema.context import Info
from schema.enums import SessionTransport
from schema.errors import (
    AccountNotConfirmedError,
    CaptchaMismatchError,
    CaptchaRequiredError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    PasswordChangeRequiredError,
    RecoveryRequiredError,
    SessionNotFoundError,
    TooManyAttemptsError,
)
from schema.inputs import LoginInput, RevokeSessionInput, Sent
from schema.results.sessions import (
    LoginResult,
    LoginSuccess,
    LogoutResult,
    LogoutSuccess,
    RevokeOtherSessionsResult,
    RevokeOtherSessionsSuccess,
    RevokeSessionResult,
    RevokeSessionSuccess,
)
from schema.types.account import Account
from services.accounts.login import AccountNotConfirmed, RecoveryRequired
from services.accounts.sessions import LoggedIn, LoggedOut, OthersRevoked, Revoked, SessionNotFound
from services.common.outcomes import (
    CaptchaMismatch,
    CaptchaRequired,
    InvalidCredentials,
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    TooManyAttempts,
)


async def me(info: Info) -> Account | None:
    principal = await info.context.services.sessions.authenticate(info.context.caller)
    return Account.of(principal) if principal else None


async def login(info: Info, input: Sent[LoginInput]) -> LoginResult:
    context, by_cookie = info.context, input.transport is SessionTransport.COOKIE
    if by_cookie:
        context.cookie.require_own_origin()
    captcha = input.captcha.value() if input.captcha else None
    match await context.services.login.login(context.caller, input.email, input.password, captcha):
        case LoggedIn(principal, token, expires_at, ends_at):
            if by_cookie:
                context.cookie.keep(token, ends_at)
            else:
                context.cookie.drop()  # its session has ended
            return LoginSuccess(
                account=Account.of(principal), token=None if by_cookie else token, expires_at=expires_at
            )
        case InvalidCredentials():
            return InvalidCredentialsError()
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case AccountNotConfirmed():
            return AccountNotConfirmedError()
        case CaptchaRequired() as outcome:
            return CaptchaRequiredError.of(outcome)
        case CaptchaMismatch() as outcome:
            return CaptchaMismatchError.of(outcome)
        case RecoveryRequired():
            return RecoveryRequiredError()
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def logout(info: Info) -> LogoutResult:
    match await info.context.services.sessions.logout(info.context.caller):
        case LoggedOut():
            info.context.cookie.drop()
            return LogoutSuccess()


async def revoke_session(info: Info, input: Sent[RevokeSessionInput]) -> RevokeSessionResult:
    match await info.context.services.sessions.revoke(info.context.caller, input.id):
        case Revoked(id):
            return RevokeSessionSuccess(id=strawberry.ID(str(id)))
        case SessionNotFound():
            return SessionNotFoundError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()


async def revoke_other_sessions(info: Info) -> RevokeOtherSessionsResult:
    match await info.context.services.sessions.revoke_others(info.context.caller):
        case OthersRevoked(count):
            return RevokeOtherSessionsSuccess(count=count)
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
