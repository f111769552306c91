from resolvers.login import opened
from schema.context import Info, Input
from schema.enums import SessionTransport
from schema.passkey_login import (
    BeginPasskeyLoginResult,
    BeginPasskeyLoginSuccess,
    LoginWithPasskeyInput,
    LoginWithPasskeyResult,
)
from services.accounts.sessions import LoggedIn
from services.factors.passkeys import PasskeyOptions


async def begin_passkey_login(info: Info) -> BeginPasskeyLoginResult:
    match await info.context.services.passkey_login.begin(info.context.caller):
        case PasskeyOptions(json, expires_at):
            return BeginPasskeyLoginSuccess(options=json, expires_at=expires_at)
        case failure:
            return failure


async def login_with_passkey(info: Info, input: Input[LoginWithPasskeyInput]) -> LoginWithPasskeyResult:
    if input.transport is SessionTransport.COOKIE:
        info.context.cookie.require_own_origin()
    service = info.context.services.passkey_login
    match await service.login(info.context.caller, input.credential, input.device_name):
        case LoggedIn() as logged_in:
            return opened(info, logged_in, input.transport)
        case failure:
            return failure
