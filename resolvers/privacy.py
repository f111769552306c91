from resolvers.account import account_after
from schema.context import Info, Input
from schema.privacy import (
    AcceptPrivacyNoticeInput,
    AcceptPrivacyNoticeResult,
    AcceptPrivacyNoticeSuccess,
    CancelAccountDeletionResult,
    CancelAccountDeletionSuccess,
    ExportAccountResult,
    ExportAccountSuccess,
    PrivacyNotice,
    RequestAccountDeletionResult,
    RequestAccountDeletionSuccess,
)
from services.accounts.privacy import NoticeAccepted
from services.mail.issuing import EXPORT_LIFE
from services.support.account_deletion import DeletionCanceled, DeletionRequested
from services.support.data_export import ExportMailed


async def privacy_notice(info: Info) -> PrivacyNotice | None:
    notice = info.context.services.privacy.notice
    return PrivacyNotice.of(notice) if notice else None


async def accept_privacy_notice(info: Info, input: Input[AcceptPrivacyNoticeInput]) -> AcceptPrivacyNoticeResult:
    match await info.context.services.privacy.accept(info.context.caller, input.version):
        case NoticeAccepted(principal):
            return AcceptPrivacyNoticeSuccess(load_account=account_after(info, principal))
        case failure:
            return failure


async def export_account(info: Info) -> ExportAccountResult:
    match await info.context.services.data_export.request(info.context.caller):
        case ExportMailed(principal):
            return ExportAccountSuccess(
                load_account=account_after(info, principal),
                email=principal.email,
                link_seconds=int(EXPORT_LIFE.total_seconds()),
            )
        case failure:
            return failure


async def request_account_deletion(info: Info) -> RequestAccountDeletionResult:
    match await info.context.services.deletion.request(info.context.caller):
        case DeletionRequested(principal, due_at):
            return RequestAccountDeletionSuccess(load_account=account_after(info, principal), due_at=due_at)
        case failure:
            return failure


async def cancel_account_deletion(info: Info) -> CancelAccountDeletionResult:
    match await info.context.services.deletion.cancel(info.context.caller):
        case DeletionCanceled(principal):
            return CancelAccountDeletionSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
