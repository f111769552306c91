from resolvers.account import account_after
from schema.context import Info, Input
from schema.passwords import (
    ChangePasswordInput,
    ChangePasswordResult,
    ChangePasswordSuccess,
    PasswordPolicy,
    RecoverPasswordInput,
    RecoverPasswordResult,
    RecoverPasswordSuccess,
)
from services.accounts.passwords import PasswordChanged, RecoveryRequested


async def password_policy(info: Info) -> PasswordPolicy:
    return PasswordPolicy.of(info.context.services.password_policy)


async def recover_password(info: Info, input: Input[RecoverPasswordInput]) -> RecoverPasswordResult:
    match await info.context.services.passwords.request(info.context.caller, input.email, input.captcha.value()):
        case RecoveryRequested():
            return RecoverPasswordSuccess()
        case failure:
            return failure


async def change_password(info: Info, input: Input[ChangePasswordInput]) -> ChangePasswordResult:
    match await info.context.services.passwords.change(info.context.caller, input.value()):
        case PasswordChanged(principal, ends_at):
            info.context.cookie.extend(ends_at)
            return ChangePasswordSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
