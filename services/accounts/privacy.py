"""Who accepted which version of the privacy notice, and when."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from models.account import Account
from models.privacy_acceptance import PrivacyAcceptance
from models.transactions import atomically
from services.accounts.privacy_notice import PrivacyNotice
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.characters import is_blank
from services.common.clock import Clock, utc_now
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    RestrictedSession,
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeState:
    """`accepted` is what was accepted last. `current` is whether nothing is left to accept."""

    accepted: Acceptance | None
    current: bool


@dataclass(frozen=True, slots=True)
class NoticeAccepted:
    principal: Principal


def check_acceptance(notice: PrivacyNotice | None, version: str | None) -> FieldErrorCode | None:
    """Whether somebody accepted the notice that holds: the one that they read may have been replaced meanwhile."""
    if version is None or is_blank(version):
        return FieldErrorCode.MISSING
    return None if notice and version.strip() == notice.version else FieldErrorCode.NOT_CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyService:
    """Without a `notice`, nobody is asked."""

    notice: PrivacyNotice | None
    sessions: SessionService
    actors: Actors
    clock: Clock = utc_now

    async def of(self, principal: Principal) -> NoticeState:
        last = await PrivacyAcceptance.filter(account_id=principal.id).order_by("-accepted_at").first()
        accepted = Acceptance(last.version, last.accepted_at) if last else None
        if self.notice is None or (accepted and accepted.version == self.notice.version):
            return NoticeState(accepted, current=True)
        again = PrivacyAcceptance.filter(account_id=principal.id, version=self.notice.version)  # of a former version
        return NoticeState(accepted, current=await again.exists())

    async def accept(
        self, caller: Caller, version: str
    ) -> NoticeAccepted | InvalidInput | RestrictedSession | NotAuthenticated:
        """Keeps that the person accepted the current version. Repeating it changes nothing."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        if code := check_acceptance(self.notice, version):
            return InvalidInput((FieldProblem("version", code),))
        kept = await atomically(partial(self._keep, self.actors.of(caller), principal.id, version.strip()))
        return NoticeAccepted(principal) if kept else NotAuthenticated()

    async def _keep(self, actor: Actor, account_id: UUID, version: str) -> bool:
        """Returns False if the account has been deleted meanwhile."""
        if not await Account.select_for_update().get_or_none(id=account_id).only("id"):
            return False
        if not await PrivacyAcceptance.exists(account_id=account_id, version=version):
            await PrivacyAcceptance.create(id=uuid4(), account_id=account_id, version=version, accepted_at=self.clock())
            await record(actor, EventKind.PRIVACY_NOTICE_ACCEPTED, account_id, detail=version)
        return True
