"""An owner adds, renews and removes the second factor."""

from dataclasses import dataclass, field
from functools import partial

from models.account import Account
from models.transactions import atomically
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import (
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    RestrictedSession,
    TooManyAttempts,
)
from services.factors.second_factors import INCORRECT, SecondFactors, SecondFactorView, code_problem
from services.factors.totp import TotpSetup
from services.mail.outbox import MailKind, enqueue


@dataclass(frozen=True, slots=True)
class TotpEnrollment:
    """Pending until the app's first code confirms it."""

    principal: Principal
    setup: TotpSetup


@dataclass(frozen=True, slots=True)
class SecondFactorAdded:
    principal: Principal
    recovery_codes: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryCodesReplaced:
    principal: Principal
    recovery_codes: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondFactorRemoved:
    principal: Principal


@dataclass(frozen=True, slots=True)
class SecondFactorExists:
    """The account has a second factor of this kind, which has to be removed first."""


@dataclass(frozen=True, slots=True)
class SecondFactorMissing:
    """The account has no second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorService:
    """`site` is the name that the authenticator app shows."""

    site: str
    factors: SecondFactors
    sessions: SessionService
    limiter: Limiter
    limits: Limits
    actors: Actors
    clock: Clock = utc_now

    async def enroll(
        self, caller: Caller
    ) -> TotpEnrollment | SecondFactorExists | ReauthenticationRequired | PasswordChangeRequired | NotAuthenticated:
        """Makes a key, which is pending until `confirm`, in place of one that was pending before."""
        principal = await self.sessions.require_recent_proof_to_enroll(caller)
        if not isinstance(principal, Principal):
            return principal
        key = await atomically(partial(self._begin, principal))
        if not isinstance(key, str):
            return key
        return TotpEnrollment(principal, TotpSetup.of(key, principal.email, self.site))

    async def confirm(
        self, caller: Caller, code: str
    ) -> (
        SecondFactorAdded
        | SecondFactorExists
        | InvalidInput
        | ReauthenticationRequired
        | PasswordChangeRequired
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Makes the pending key the second factor, by a code of the app that has it."""
        principal = await self.sessions.require_recent_proof_to_enroll(caller)
        if not isinstance(principal, Principal):
            return principal
        if problem := code_problem(code):
            return InvalidInput((problem,))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.second_factor, str(principal.id)):
                return throttled
            outcome = await atomically(partial(self._confirm, caller, principal, code))
            if not isinstance(outcome, InvalidInput):
                await tally.refund()
        return outcome

    async def replace_recovery_codes(
        self, caller: Caller
    ) -> RecoveryCodesReplaced | SecondFactorMissing | ReauthenticationRequired | RestrictedSession | NotAuthenticated:
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        return await atomically(partial(self._replace, caller, principal))

    async def remove(
        self, caller: Caller
    ) -> SecondFactorRemoved | SecondFactorMissing | ReauthenticationRequired | RestrictedSession | NotAuthenticated:
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        return await atomically(partial(self._remove, caller, principal))

    async def of(self, principal: Principal) -> SecondFactorView | None:
        if principal.second_factor_since is None or principal.restricted:
            return None
        return await self.factors.view(principal.id, principal.second_factor_since)

    async def _begin(
        self, principal: Principal
    ) -> str | SecondFactorExists | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if await self.factors.has_app(account.id):
            return SecondFactorExists()
        return await self.factors.begin(account.id, self.clock())

    async def _confirm(
        self, caller: Caller, principal: Principal, code: str
    ) -> SecondFactorAdded | SecondFactorExists | InvalidInput | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if await self.factors.has_app(account.id):
            return SecondFactorExists()
        codes = await self.factors.confirm(account, code, self.clock())
        if codes is None:
            return INCORRECT
        await self.sessions.end_other_proofs(principal, account)
        await self._tell(caller, account, MailKind.SECOND_FACTOR_ADDED, EventKind.SECOND_FACTOR_ADDED)
        return SecondFactorAdded(principal, codes)

    async def _replace(
        self, caller: Caller, principal: Principal
    ) -> RecoveryCodesReplaced | SecondFactorMissing | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if account.second_factor_since is None:
            return SecondFactorMissing()
        codes = await self.factors.replace_recovery_codes(account.id, self.clock())
        await self._tell(caller, account, MailKind.RECOVERY_CODES_REPLACED, EventKind.RECOVERY_CODES_REPLACED)
        return RecoveryCodesReplaced(principal, codes)

    async def _remove(
        self, caller: Caller, principal: Principal
    ) -> SecondFactorRemoved | SecondFactorMissing | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if account.second_factor_since is None:
            return SecondFactorMissing()
        await self.factors.remove(account)
        await self._tell(caller, account, MailKind.SECOND_FACTOR_REMOVED, EventKind.SECOND_FACTOR_REMOVED)
        return SecondFactorRemoved(principal)

    async def _tell(self, caller: Caller, account: Account, mail: MailKind, event: EventKind) -> None:
        await enqueue(mail, account.email_key)
        await record(self.actors.of(caller), event, account.id)
