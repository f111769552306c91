from resolvers.account import account_after
from schema.account_changes import (
    ChangeEmailInput,
    ChangeEmailResult,
    ChangeEmailSuccess,
    ChangeRfcInput,
    ChangeRfcResult,
    ChangeRfcSuccess,
    ConfirmEmailInput,
    ConfirmEmailResult,
    ConfirmEmailSuccess,
    RevertEmailInput,
    RevertEmailResult,
    RevertEmailSuccess,
)
from schema.context import Info, Input
from services.accounts.email_change import EmailCodeSent, EmailReverted, OwnEmailChanged
from services.accounts.rfc_change import OwnRfcChanged


async def change_email(info: Info, input: Input[ChangeEmailInput]) -> ChangeEmailResult:
    match await info.context.services.email_changes.request(info.context.caller, input.email):
        case EmailCodeSent(principal, email):
            return ChangeEmailSuccess(load_account=account_after(info, principal), email=email)
        case failure:
            return failure


async def confirm_email(info: Info, input: Input[ConfirmEmailInput]) -> ConfirmEmailResult:
    match await info.context.services.email_changes.confirm(info.context.caller, input.code):
        case OwnEmailChanged(principal):
            return ConfirmEmailSuccess(load_account=account_after(info, principal))
        case failure:
            return failure


async def revert_email(info: Info, input: Input[RevertEmailInput]) -> RevertEmailResult:
    match await info.context.services.email_changes.revert(info.context.caller, input.code):
        case EmailReverted(email):
            return RevertEmailSuccess(email=email)
        case failure:
            return failure


async def change_rfc(info: Info, input: Input[ChangeRfcInput]) -> ChangeRfcResult:
    match await info.context.services.rfc_changes.change(info.context.caller, input.rfc):
        case OwnRfcChanged(principal):
            return ChangeRfcSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
