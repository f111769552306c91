from resolvers.account import account_after
from schema.context import Info, Input
from schema.reauthentication import ReauthenticateInput, ReauthenticateResult, ReauthenticateSuccess
from services.accounts.reauthentication import Reauthenticated


async def reauthenticate(info: Info, input: Input[ReauthenticateInput]) -> ReauthenticateResult:
    match await info.context.services.reauthentication.reauthenticate(info.context.caller, input.value()):
        case Reauthenticated(principal):
            return ReauthenticateSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
