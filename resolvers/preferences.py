from resolvers.account import account_after
from schema.context import Info, Input
from schema.preferences import UpdateAccountInput, UpdateAccountResult, UpdateAccountSuccess
from services.accounts.preferences import PreferencesUpdated


async def update_account(info: Info, input: Input[UpdateAccountInput]) -> UpdateAccountResult:
    match await info.context.services.preferences.update(info.context.caller, input.language):
        case PreferencesUpdated(principal):
            return UpdateAccountSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
