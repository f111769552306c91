from resolvers.login import opened
from schema.context import Info, Input
from schema.enums import SessionTransport
from schema.second_step import VerifySecondFactorInput, VerifySecondFactorResult
from services.accounts.sessions import LoggedIn


async def verify_second_factor(info: Info, input: Input[VerifySecondFactorInput]) -> VerifySecondFactorResult:
    if input.transport is SessionTransport.COOKIE:
        info.context.cookie.require_own_origin()
    service = info.context.services.second_step
    match await service.verify(
        info.context.caller, input.challenge, input.one_time_code, input.passkey, remember_device=input.remember_device
    ):
        case LoggedIn() as logged_in:
            return opened(info, logged_in, input.transport)
        case failure:
            return failure
