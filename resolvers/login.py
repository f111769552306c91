from dataclasses import replace

from schema.account import Account
from schema.context import Info, Input
from schema.enums import SessionTransport
from schema.login import LoginInput, LoginResult, LoginSuccess
from services.accounts.sessions import LoggedIn


async def login(info: Info, input: Input[LoginInput]) -> LoginResult:
    form = input.value()
    if input.transport is SessionTransport.COOKIE:
        info.context.cookie.require_own_origin()
        form = replace(form, device_token=info.context.cookie.device_token)
    captcha = input.captcha.value() if input.captcha else None
    match await info.context.services.login.login(info.context.caller, form, captcha):
        case LoggedIn() as logged_in:
            return opened(info, logged_in, input.transport)
        case failure:
            return failure


def opened(info: Info, session: LoggedIn, transport: SessionTransport) -> LoginSuccess:
    """Gives the client its session, in the response or in the cookie."""
    by_cookie = transport is SessionTransport.COOKIE
    if by_cookie:
        info.context.cookie.keep(session.token, session.ends_at)
        if session.device:
            info.context.cookie.keep_device(session.device.token, session.device.expires_at)
    else:
        info.context.cookie.drop()  # the session of the cookie has ended
    return LoginSuccess(
        account=Account.of(session.principal),
        token=None if by_cookie else session.token,
        expires_at=session.expires_at,
        device_token=None if by_cookie or session.device is None else session.device.token,
    )
