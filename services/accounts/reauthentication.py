"""Asks for the password again, for the mutations that need a recent proof."""

from dataclasses import dataclass

from models.account import Account
from services.accounts.hashing import Hasher
from services.accounts.password_policy import is_missing, typed_password
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.limits import Limiter, Limits
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    TooManyAttempts,
)


@dataclass(frozen=True, slots=True)
class Reauthenticated:
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReauthenticationService:
    hasher: Hasher
    limiter: Limiter
    limits: Limits
    sessions: SessionService
    actors: Actors

    async def reauthenticate(
        self, caller: Caller, password: str
    ) -> Reauthenticated | InvalidInput | PasswordChangeRequired | NotAuthenticated | TooManyAttempts:
        """Wrong passwords count together with those of changePassword: whoever holds the session could try either."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        typed = typed_password(password)
        if is_missing(typed):
            return InvalidInput((FieldProblem("password", FieldErrorCode.MISSING),))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.current_password, str(principal.id)):
                return throttled
            account = await Account.get_or_none(id=principal.id)
            verified = await self.hasher.verify(account.password_hash if account else None, typed)
            if isinstance(verified, TooManyAttempts):
                await tally.refund()
                return verified
            if not verified:
                await self._record(caller, principal, EventKind.REAUTHENTICATION_FAILED)
                return InvalidInput((FieldProblem("password", FieldErrorCode.INCORRECT),))
            await tally.refund()
        proved = await self.sessions.prove(principal)
        if proved is None:
            return NotAuthenticated()
        await self._record(caller, proved, EventKind.REAUTHENTICATED)
        await self.limiter.clear(self.limits.current_password, str(principal.id))
        return Reauthenticated(proved)

    async def _record(self, caller: Caller, principal: Principal, kind: EventKind) -> None:
        await record(self.actors.of(caller), kind, principal.id, subject=principal.session_id)
