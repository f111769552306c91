"""Recovers and changes passwords."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from models.account import Account
from models.export_link import ExportLink
from models.mailed_password import MailedPassword
from models.passkey import Passkey
from models.session import Session
from models.transactions import atomically
from services.accounts.email import email_problem, parse_email
from services.accounts.hashing import Hasher
from services.accounts.lockout import LoginLockout
from services.accounts.password_policy import (
    PasswordPolicy,
    canonical_mailed_password,
    check_confirmation,
    is_missing,
    normalize_password,
    typed_password,
)
from services.accounts.recent_proof import PROOF_LIFE
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.captcha.service import ANSWER_MISSING, CaptchaAnswer, CaptchaService, SolvedCaptcha
from services.common.caller import Caller
from services.common.characters import is_blank
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import (
    CaptchaMismatch,
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    TooManyAttempts,
)
from services.common.secrets import digest
from services.events.facts import EventType
from services.events.publishing import publish
from services.mail.outbox import BEFORE_PASSWORD_CHANGE, MailKind, cancel, enqueue

_INCORRECT = InvalidInput((FieldProblem("currentPassword", FieldErrorCode.INCORRECT),))


@dataclass(frozen=True, slots=True)
class RecoveryRequested:
    """A mail may or may not go out; deliberately unspecified."""


@dataclass(frozen=True, slots=True)
class PasswordForm:
    current: str = field(repr=False)
    new: str = field(repr=False)
    new_confirmation: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """This session stays, until `ends_at` at the latest; all others and all mailed passwords have ended."""

    principal: Principal
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ForcedReset:
    """How many passwords, passkeys and sessions have ended."""

    passwords: int
    passkeys: int
    sessions: int


class _RefusedError(Exception):
    """Rolls the transaction back."""

    def __init__(self, outcome: InvalidInput | NotAuthenticated) -> None:
        self.outcome = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordService:
    hasher: Hasher
    limiter: Limiter
    limits: Limits
    captchas: CaptchaService
    lockout: LoginLockout
    sessions: SessionService
    policy: PasswordPolicy
    actors: Actors
    clock: Clock = utc_now

    async def request(
        self, caller: Caller, email: str, captcha: CaptchaAnswer
    ) -> RecoveryRequested | CaptchaMismatch | InvalidInput | TooManyAttempts:
        """Looks up nothing: the worker finds out what to send, and to whom."""
        parsed = parse_email(email)
        unanswered = (ANSWER_MISSING,) if is_blank(captcha.answer) else ()
        if parsed is None:
            return InvalidInput((email_problem(email), *unanswered))
        if unanswered:
            return InvalidInput(unanswered)
        if throttled := await self.limiter.hit_client(self.limits.recover_password, caller):
            return throttled
        solved = await self.captchas.solve(caller, captcha, f"recoverPassword {parsed.key}")
        if solved is None:
            return await self.captchas.mismatch(caller)
        if solved.repeated and await self.captchas.is_used(solved):
            return RecoveryRequested()
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.recover_password_email, parsed.key):
                return RecoveryRequested() if tally.is_repeat else throttled
            await atomically(partial(self._enqueue, caller, parsed.key, solved))
        return RecoveryRequested()

    async def change(
        self, caller: Caller, form: PasswordForm
    ) -> PasswordChanged | InvalidInput | NotAuthenticated | TooManyAttempts:
        principal = await self.sessions.authenticate(caller)
        if principal is None:
            return NotAuthenticated()
        current = typed_password(form.current)
        new = normalize_password(form.new)
        if problems := self._check(principal, current, new, form):
            return InvalidInput(problems)
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.current_password, str(principal.id)):
                return throttled
            outcome = await self._change(caller, principal, current, new)
            if outcome == _INCORRECT:
                outcome = await self._changed_before(principal, new) or outcome
            if isinstance(outcome, TooManyAttempts | PasswordChanged):
                await tally.refund()
        return outcome

    async def force_reset(self, actor: Actor, email_key: str) -> ForcedReset:
        """Ends the passwords, passkeys, sessions and exports of one account, so that only recovery gives access."""

        async def end() -> ForcedReset:
            await cancel((MailKind.DATA_EXPORT,), email_key)
            accounts = Account.filter(email_key=email_key)
            passwords = await accounts.filter(password_hash__isnull=False).count()
            # Always the generation, too: a change that was verified before and is written later then fails.
            await accounts.update(password_hash=None, password_generation=F("password_generation") + 1)
            await MailedPassword.filter(account__email_key=email_key).delete()
            await ExportLink.filter(account__email_key=email_key).delete()
            passkeys = await Passkey.filter(account__email_key=email_key).delete()
            if account := await accounts.get_or_none().only("id"):
                await record(actor, EventKind.PASSWORD_REVOKED, account.id)
                if passwords:
                    await publish(account.id, EventType.PASSWORD_CHANGED)
            return ForcedReset(passwords, passkeys, await self.sessions.revoke_all(actor, email_key))

        return await atomically(end)

    async def _change(
        self, caller: Caller, principal: Principal, current: str, new: str
    ) -> PasswordChanged | InvalidInput | NotAuthenticated | TooManyAttempts:
        """Returns TooManyAttempts if the hasher is busy."""
        account = await Account.get_or_none(id=principal.id)
        if account is None:
            return NotAuthenticated()
        proved = await self._prove(account, principal, current)
        if isinstance(proved, TooManyAttempts):
            return proved
        if not proved:
            return _INCORRECT
        if await self._mailed(account, new).exists():
            return InvalidInput((self.policy.problem("newPassword", FieldErrorCode.NOT_NEW),))
        password_hash = await self.hasher.hash(new)
        if isinstance(password_hash, TooManyAttempts):
            return password_hash
        outcome = await self._replace(caller, account, principal, password_hash)
        if isinstance(outcome, PasswordChanged):
            await self.limiter.clear(self.limits.current_password, str(principal.id))
            await self.lockout.reset(account.email_key)
        return outcome

    async def _changed_before(self, principal: Principal, new: str) -> PasswordChanged | TooManyAttempts | None:
        """Recognizes the same form sent twice, such as by a double click: its new password is already the account's.

        Only after a recent proof, which the first time was: otherwise each attempt would be two guesses.
        """
        if not await Session.exists(id=principal.session_id, proved_at__gt=self.clock() - PROOF_LIFE):
            return None
        account = await Account.get_or_none(id=principal.id)
        verified = await self.hasher.verify(account.password_hash if account else None, new)
        if isinstance(verified, TooManyAttempts):
            return verified
        session = await Session.get_or_none(id=principal.session_id) if verified else None
        return PasswordChanged(principal, session.ends_at) if session else None

    async def _enqueue(self, caller: Caller, email_key: str, solved: SolvedCaptcha) -> None:
        if await self.captchas.use(solved):
            await enqueue(MailKind.RECOVERY, email_key)
            email = self.actors.email(email_key)
            await record(self.actors.of(caller), EventKind.RECOVERY_REQUESTED, email=email)

    def _check(self, principal: Principal, current: str, new: str, form: PasswordForm) -> tuple[FieldProblem, ...]:
        problems = []
        if is_missing(current):
            problems.append(FieldProblem("currentPassword", FieldErrorCode.MISSING))
        if code := self.policy.check(new, (principal.rfc, principal.email)):
            problems.append(self.policy.problem("newPassword", code))
        elif new == current or canonical_mailed_password(new) == canonical_mailed_password(current):
            problems.append(self.policy.problem("newPassword", FieldErrorCode.NOT_NEW))
        if problem := check_confirmation("newPasswordConfirmation", new, form.new_confirmation):
            problems.append(problem)
        return tuple(problems)

    async def _prove(self, account: Account, principal: Principal, current: str) -> bool | TooManyAttempts:
        """A session opened with a mailed password has no other current password than that one."""
        if principal.password_change_required:
            return await self._mailed(account, current).exists()
        return await self.hasher.verify(account.password_hash, current)

    def _mailed(self, account: Account, typed: str) -> QuerySet[MailedPassword]:
        """Selects the account's mailed password that was typed, if it is valid, whether used or not."""
        alive = MailedPassword.filter(account_id=account.id, expires_at__gt=self.clock())
        return alive.filter(digest=digest(canonical_mailed_password(typed)))

    async def _replace(
        self, caller: Caller, verified: Account, principal: Principal, password_hash: str
    ) -> PasswordChanged | InvalidInput | NotAuthenticated:
        async def change() -> PasswordChanged:
            await cancel(BEFORE_PASSWORD_CHANGE, verified.email_key)
            account = await Account.select_for_update().get_or_none(id=verified.id)
            if account is None:
                raise _RefusedError(NotAuthenticated())
            if account.password_generation != verified.password_generation:
                raise _RefusedError(_INCORRECT)
            ends_at = await self.sessions.keep_only(principal.session_id, account)
            if ends_at is None:
                raise _RefusedError(NotAuthenticated())
            account.password_hash = password_hash
            account.password_generation += 1
            await account.save(update_fields=["password_hash", "password_generation"])
            await MailedPassword.filter(account_id=account.id).delete()
            await ExportLink.filter(account_id=account.id).delete()
            await enqueue(MailKind.PASSWORD_CHANGED, account.email_key)
            await record(self.actors.of(caller), EventKind.PASSWORD_CHANGED, account.id)
            await publish(account.id, EventType.PASSWORD_CHANGED)
            proved_at = principal.proved_at if account.second_factor_since else self.clock()
            return PasswordChanged(replace(principal, proved_at=proved_at), ends_at)

        try:
            return await atomically(change)
        except _RefusedError as refused:
            return refused.outcome
