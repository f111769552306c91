from resolvers.account import account_after
from schema.context import Info, Input
from schema.privacy import (
    AcceptPrivacyNoticeInput,
    AcceptPrivacyNoticeResult,
    AcceptPrivacyNoticeSuccess,
    PrivacyNotice,
)
from services.accounts.privacy import NoticeAccepted


async def privacy_notice(info: Info) -> PrivacyNotice | None:
    notice = info.context.services.privacy.notice
    return PrivacyNotice.of(notice) if notice else None


async def accept_privacy_notice(info: Info, input: Input[AcceptPrivacyNoticeInput]) -> AcceptPrivacyNoticeResult:
    match await info.context.services.privacy.accept(info.context.caller, input.version):
        case NoticeAccepted(principal):
            return AcceptPrivacyNoticeSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
