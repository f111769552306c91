from resolvers.account import account_after
from schema.context import Info, Input
from schema.passkeys import (
    AddPasskeyInput,
    AddPasskeyResult,
    AddPasskeySuccess,
    BeginPasskeyProofResult,
    BeginPasskeyProofSuccess,
    BeginPasskeyRegistrationResult,
    BeginPasskeyRegistrationSuccess,
    Passkey,
    RemovePasskeyInput,
    RemovePasskeyResult,
    RemovePasskeySuccess,
    RenamePasskeyInput,
    RenamePasskeyResult,
    RenamePasskeySuccess,
    RequirePasskeyResult,
    RequirePasskeySuccess,
)
from services.accounts.passkeys import PasskeyAdded, PasskeyBegun, PasskeyRemoved, PasskeyRenamed, PasskeysRequired


async def begin_passkey_registration(info: Info) -> BeginPasskeyRegistrationResult:
    match await info.context.services.passkeys.begin_registration(info.context.caller):
        case PasskeyBegun(principal, options):
            return BeginPasskeyRegistrationSuccess(
                load_account=account_after(info, principal), options=options.json, expires_at=options.expires_at
            )
        case failure:
            return failure


async def add_passkey(info: Info, input: Input[AddPasskeyInput]) -> AddPasskeyResult:
    match await info.context.services.passkeys.add(info.context.caller, input.credential, input.nickname):
        case PasskeyAdded(principal, passkey):
            return AddPasskeySuccess(load_account=account_after(info, principal), passkey=Passkey.of(passkey))
        case failure:
            return failure


async def rename_passkey(info: Info, input: Input[RenamePasskeyInput]) -> RenamePasskeyResult:
    match await info.context.services.passkeys.rename(info.context.caller, input.id, input.nickname):
        case PasskeyRenamed(principal, passkey):
            return RenamePasskeySuccess(load_account=account_after(info, principal), passkey=Passkey.of(passkey))
        case failure:
            return failure


async def remove_passkey(info: Info, input: Input[RemovePasskeyInput]) -> RemovePasskeyResult:
    match await info.context.services.passkeys.remove(info.context.caller, input.id):
        case PasskeyRemoved(principal, passkey):
            return RemovePasskeySuccess(load_account=account_after(info, principal), passkey=Passkey.of(passkey))
        case failure:
            return failure


async def require_passkey(info: Info) -> RequirePasskeyResult:
    match await info.context.services.passkeys.require(info.context.caller):
        case PasskeysRequired(principal, codes):
            return RequirePasskeySuccess(load_account=account_after(info, principal), recovery_codes=codes)
        case failure:
            return failure


async def begin_passkey_proof(info: Info) -> BeginPasskeyProofResult:
    match await info.context.services.passkeys.begin_proof(info.context.caller):
        case PasskeyBegun(principal, options):
            return BeginPasskeyProofSuccess(
                load_account=account_after(info, principal), options=options.json, expires_at=options.expires_at
            )
        case failure:
            return failure
