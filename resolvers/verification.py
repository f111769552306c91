import strawberry

from schema.account_records import AccountRecord
from schema.context import Info, Input
from schema.verification import VerifySessionInput, VerifySessionResult, VerifySessionSuccess
from services.access.verification import SessionVerified


async def verify_session(info: Info, input: Input[VerifySessionInput]) -> VerifySessionResult:
    match await info.context.services.session_verification.verify(info.context.caller, input.token):
        case SessionVerified() as verified:
            return VerifySessionSuccess(
                account=AccountRecord.of(info, verified.account),
                session_id=strawberry.ID(str(verified.session_id)),
                kind=verified.kind,
                audience=verified.audience,
                expires_at=verified.expires_at,
                password_change_required=verified.password_change_required,
                second_factor_enrollment_required=verified.second_factor_enrollment_required,
            )
        case failure:
            return failure
