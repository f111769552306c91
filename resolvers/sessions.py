import strawberry

from resolvers.account import account_after
from schema.context import Info, Input
from schema.sessions import (
    LogoutResult,
    LogoutSuccess,
    RenameSessionInput,
    RenameSessionResult,
    RenameSessionSuccess,
    RevokeOtherSessionsResult,
    RevokeOtherSessionsSuccess,
    RevokeSessionInput,
    RevokeSessionResult,
    RevokeSessionSuccess,
    Session,
)
from services.accounts.sessions import LoggedOut, OthersRevoked, Renamed, Revoked


async def logout(info: Info) -> LogoutResult:
    match await info.context.services.sessions.logout(info.context.caller):
        case LoggedOut():
            info.context.cookie.drop()
            return LogoutSuccess()


async def rename_session(info: Info, input: Input[RenameSessionInput]) -> RenameSessionResult:
    match await info.context.services.sessions.rename(info.context.caller, input.id, input.device_name):
        case Renamed(principal, session):
            return RenameSessionSuccess(load_account=account_after(info, principal), session=Session.of(session))
        case failure:
            return failure


async def revoke_session(info: Info, input: Input[RevokeSessionInput]) -> RevokeSessionResult:
    match await info.context.services.sessions.revoke(info.context.caller, input.id):
        case Revoked(principal, id):
            return RevokeSessionSuccess(load_account=account_after(info, principal), id=strawberry.ID(str(id)))
        case failure:
            return failure


async def revoke_other_sessions(info: Info) -> RevokeOtherSessionsResult:
    match await info.context.services.sessions.revoke_others(info.context.caller):
        case OthersRevoked(principal, count):
            return RevokeOtherSessionsSuccess(load_account=account_after(info, principal), count=count)
        case failure:
            return failure
