import strawberry

from schema.account_records import AccountRecord
from schema.context import Info, Input
from schema.verification import VerifySessionInput, VerifySessionResult, VerifySessionSuccess
from services.access.verification import SessionVerified


async def verify_session(info: Info, input: Input[VerifySessionInput]) -> VerifySessionResult:
    match await info.context.services.session_verification.verify(info.context.caller, input.token):
        case SessionVerified(account, session_id, kind, expires_at, audience, password_change_required):
            return VerifySessionSuccess(
                account=AccountRecord.of(info, account),
                session_id=strawberry.ID(str(session_id)),
                kind=kind,
                audience=audience,
                expires_at=expires_at,
                password_change_required=password_change_required,
            )
        case failure:
            return failure
