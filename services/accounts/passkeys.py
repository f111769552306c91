"""An owner adds, names and removes passkeys, and makes them the second factor."""

from dataclasses import dataclass, field
from functools import partial

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.passkey import Passkey
from models.transactions import atomically
from services.accounts.device_name import parse_device_name
from services.accounts.passkey_proofs import incorrect
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.second_factor import SecondFactorExists
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    RestrictedSession,
)
from services.factors.passkey_answers import Answer, answer_problem, parse_answer
from services.factors.passkeys import MAX_PASSKEYS, PasskeyOptions, Passkeys, PasskeyView, list_passkeys
from services.factors.second_factors import SecondFactors
from services.mail.outbox import MailKind, enqueue


@dataclass(frozen=True, slots=True)
class PasskeyBegun:
    """A ceremony that waits for its answer."""

    principal: Principal
    options: PasskeyOptions


@dataclass(frozen=True, slots=True)
class PasskeyAdded:
    principal: Principal
    passkey: PasskeyView


@dataclass(frozen=True, slots=True)
class PasskeyRenamed:
    principal: Principal
    passkey: PasskeyView


@dataclass(frozen=True, slots=True)
class PasskeyRemoved:
    principal: Principal
    passkey: PasskeyView


@dataclass(frozen=True, slots=True)
class PasskeysRequired:
    """From now on, a password alone does not sign in."""

    principal: Principal
    recovery_codes: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyNotFound:
    """The account has no passkey with this id."""


@dataclass(frozen=True, slots=True)
class PasskeyMissing:
    """The account has no passkeys."""


@dataclass(frozen=True, slots=True)
class TooManyPasskeys:
    """The account has MAX_PASSKEYS."""

    maximum: int = MAX_PASSKEYS


@dataclass(frozen=True, slots=True)
class LastSecondFactor:
    """The passkey is the only second factor of the account, which has to be removed as such first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyService:
    passkeys: Passkeys
    factors: SecondFactors
    sessions: SessionService
    actors: Actors
    clock: Clock = utc_now

    async def begin_registration(
        self, caller: Caller
    ) -> PasskeyBegun | TooManyPasskeys | ReauthenticationRequired | PasswordChangeRequired | NotAuthenticated:
        principal = await self.sessions.require_recent_proof_to_enroll(caller)
        if not isinstance(principal, Principal):
            return principal
        if await Passkey.filter(account_id=principal.id).count() >= MAX_PASSKEYS:
            return TooManyPasskeys()
        try:
            options = await self.passkeys.begin_registration(
                principal.id, principal.email, principal.session_id, self.clock()
            )
        except IntegrityError:  # the session has ended
            return NotAuthenticated()
        return PasskeyBegun(principal, options)

    async def add(
        self, caller: Caller, credential: str, nickname: str | None
    ) -> (
        PasskeyAdded
        | TooManyPasskeys
        | InvalidInput
        | ReauthenticationRequired
        | PasswordChangeRequired
        | NotAuthenticated
    ):
        principal = await self.sessions.require_recent_proof_to_enroll(caller)
        if not isinstance(principal, Principal):
            return principal
        answer, parsed = parse_answer(credential, "credential"), parse_device_name(nickname or "", "nickname")
        if isinstance(answer, FieldProblem) or isinstance(parsed, FieldProblem):
            return InvalidInput(tuple(each for each in (answer, parsed) if isinstance(each, FieldProblem)))
        try:
            return await atomically(partial(self._add, caller, principal, answer, parsed))
        except IntegrityError:
            return InvalidInput((answer_problem("credential", FieldErrorCode.ALREADY_USED),))

    async def rename(
        self, caller: Caller, id: str, nickname: str | None
    ) -> PasskeyRenamed | PasskeyNotFound | InvalidInput | PasswordChangeRequired | NotAuthenticated:
        """Names a passkey, or takes its name back."""
        principal = await self.sessions.require_own_password(caller)
        if not isinstance(principal, Principal):
            return principal
        parsed = parse_device_name(nickname or "", "nickname")
        if isinstance(parsed, FieldProblem):
            return InvalidInput((parsed,))
        return await atomically(partial(self._rename, caller, principal, id, parsed))

    async def remove(
        self, caller: Caller, id: str
    ) -> (
        PasskeyRemoved
        | PasskeyNotFound
        | LastSecondFactor
        | ReauthenticationRequired
        | RestrictedSession
        | NotAuthenticated
    ):
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        return await atomically(partial(self._remove, caller, principal, id))

    async def require(
        self, caller: Caller
    ) -> (
        PasskeysRequired
        | PasskeyMissing
        | SecondFactorExists
        | ReauthenticationRequired
        | PasswordChangeRequired
        | NotAuthenticated
    ):
        """Makes the account's passkeys its second factor."""
        principal = await self.sessions.require_recent_proof_to_enroll(caller)
        if not isinstance(principal, Principal):
            return principal
        return await atomically(partial(self._require, caller, principal))

    async def begin_proof(
        self, caller: Caller
    ) -> PasskeyBegun | PasskeyMissing | PasswordChangeRequired | NotAuthenticated:
        """Begins a reauthentication."""
        principal = await self.sessions.require_own_password(caller)
        if not isinstance(principal, Principal):
            return principal
        if not await Passkey.exists(account_id=principal.id):
            return PasskeyMissing()
        try:
            options = await self.passkeys.begin_proof(principal.id, principal.session_id, self.clock())
        except IntegrityError:  # the session has ended
            return NotAuthenticated()
        return PasskeyBegun(principal, options)

    async def list_for(self, principal: Principal) -> tuple[PasskeyView, ...]:
        return () if principal.password_change_required else await list_passkeys(principal.id)

    async def _add(
        self, caller: Caller, principal: Principal, answer: Answer, nickname: str | None
    ) -> PasskeyAdded | TooManyPasskeys | InvalidInput | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if await Passkey.filter(account_id=account.id).count() >= MAX_PASSKEYS:
            return TooManyPasskeys()
        passkey = await self.passkeys.register(answer, account, principal.session_id, nickname, self.clock())
        if passkey is None:
            return incorrect("credential")
        await enqueue(MailKind.PASSKEY_ADDED, account.email_key)
        await record(self.actors.of(caller), EventKind.PASSKEY_ADDED, account.id, subject=passkey.id)
        return PasskeyAdded(principal, PasskeyView.of(passkey))

    async def _rename(
        self, caller: Caller, principal: Principal, id: str, nickname: str | None
    ) -> PasskeyRenamed | PasskeyNotFound:
        passkey = await _find(principal, id)
        if passkey is None or not await Passkey.filter(id=passkey.id).update(nickname=nickname):
            return PasskeyNotFound()
        passkey.nickname = nickname
        await record(self.actors.of(caller), EventKind.PASSKEY_RENAMED, principal.id, subject=passkey.id)
        return PasskeyRenamed(principal, PasskeyView.of(passkey))

    async def _remove(
        self, caller: Caller, principal: Principal, id: str
    ) -> PasskeyRemoved | PasskeyNotFound | LastSecondFactor | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        passkey = await _find(principal, id)
        if passkey is None:
            return PasskeyNotFound()
        others = Passkey.filter(account_id=account.id).exclude(id=passkey.id)
        if account.second_factor_since and not (await others.exists() or await self.factors.has_app(account.id)):
            return LastSecondFactor()
        await passkey.delete()
        await enqueue(MailKind.PASSKEY_REMOVED, account.email_key)
        await record(self.actors.of(caller), EventKind.PASSKEY_REMOVED, account.id, subject=passkey.id)
        return PasskeyRemoved(principal, PasskeyView.of(passkey))

    async def _require(
        self, caller: Caller, principal: Principal
    ) -> PasskeysRequired | PasskeyMissing | SecondFactorExists | ReauthenticationRequired | NotAuthenticated:
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            return account
        if account.second_factor_since:
            return SecondFactorExists()
        if not await Passkey.exists(account_id=account.id):
            return PasskeyMissing()
        codes = await self.factors.protect(account, self.clock())
        await self.sessions.end_other_proofs(principal, account)
        await enqueue(MailKind.SECOND_FACTOR_ADDED, account.email_key)
        await record(self.actors.of(caller), EventKind.SECOND_FACTOR_ADDED, account.id)
        return PasskeysRequired(principal, codes)


async def _find(principal: Principal, id: str) -> Passkey | None:
    passkey_id = parse_id(id)
    return await Passkey.get_or_none(id=passkey_id, account_id=principal.id) if passkey_id else None
