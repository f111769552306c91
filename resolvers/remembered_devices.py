import strawberry

from resolvers.account import account_after
from schema.context import Info, Input
from schema.remembered_devices import ForgetDeviceInput, ForgetDeviceResult, ForgetDeviceSuccess
from services.accounts.remembered_devices import DeviceForgotten


async def forget_device(info: Info, input: Input[ForgetDeviceInput]) -> ForgetDeviceResult:
    match await info.context.services.remembered_devices.forget(info.context.caller, input.id):
        case DeviceForgotten(principal, id):
            return ForgetDeviceSuccess(load_account=account_after(info, principal), id=strawberry.ID(str(id)))
        case failure:
            return failure
