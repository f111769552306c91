from schema.account import Account
from schema.context import Info, Input
from schema.enums import SessionTransport
from schema.login import LoginInput, LoginResult, LoginSuccess
from services.accounts.sessions import LoggedIn


async def login(info: Info, input: Input[LoginInput]) -> LoginResult:
    context, by_cookie = info.context, input.transport is SessionTransport.COOKIE
    if by_cookie:
        context.cookie.require_own_origin()
    captcha = input.captcha.value() if input.captcha else None
    match await context.services.login.login(context.caller, input.value(), captcha):
        case LoggedIn(principal, token, expires_at, ends_at):
            if by_cookie:
                context.cookie.keep(token, ends_at)
            else:
                context.cookie.drop()  # the session of the cookie has ended
            return LoginSuccess(
                account=Account.of(principal), token=None if by_cookie else token, expires_at=expires_at
            )
        case failure:
            return failure
