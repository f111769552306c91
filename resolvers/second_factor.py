from resolvers.account import account_after
from schema.context import Info, Input
from schema.second_factor import (
    ConfirmTotpInput,
    ConfirmTotpResult,
    ConfirmTotpSuccess,
    CreateRecoveryCodesResult,
    CreateRecoveryCodesSuccess,
    EnrollTotpResult,
    EnrollTotpSuccess,
    RemoveSecondFactorResult,
    RemoveSecondFactorSuccess,
)
from services.accounts.second_factor import (
    RecoveryCodesReplaced,
    SecondFactorAdded,
    SecondFactorRemoved,
    TotpEnrollment,
)


async def enroll_totp(info: Info) -> EnrollTotpResult:
    match await info.context.services.second_factor.enroll(info.context.caller):
        case TotpEnrollment(principal, setup):
            return EnrollTotpSuccess(
                load_account=account_after(info, principal), key=setup.key, uri=setup.uri, qr_code=setup.qr_code
            )
        case failure:
            return failure


async def confirm_totp(info: Info, input: Input[ConfirmTotpInput]) -> ConfirmTotpResult:
    match await info.context.services.second_factor.confirm(info.context.caller, input.one_time_code):
        case SecondFactorAdded(principal, codes):
            return ConfirmTotpSuccess(load_account=account_after(info, principal), recovery_codes=codes)
        case failure:
            return failure


async def create_recovery_codes(info: Info) -> CreateRecoveryCodesResult:
    match await info.context.services.second_factor.replace_recovery_codes(info.context.caller):
        case RecoveryCodesReplaced(principal, codes):
            return CreateRecoveryCodesSuccess(load_account=account_after(info, principal), recovery_codes=codes)
        case failure:
            return failure


async def remove_second_factor(info: Info) -> RemoveSecondFactorResult:
    match await info.context.services.second_factor.remove(info.context.caller):
        case SecondFactorRemoved(principal):
            return RemoveSecondFactorSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
