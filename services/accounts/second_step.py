"""The second step of a login: the code of the second factor, after the right password.

A code is counted like a password (`login.py`): as a failure before it is verified, in the client's limit, in the
account's, and in the lockout. The account's limit counts wrong codes whatever their challenge, so that whoever knows
the password gets no more guesses by typing it again.
"""

from dataclasses import dataclass, replace
from functools import partial

from tortoise.expressions import F

from models.account import Account
from models.login_challenge import LoginChallenge
from models.transactions import atomically
from services.accounts.factor_codes import verify_code
from services.accounts.lockout import LoginAttempt, LoginLockout
from services.accounts.login import RecoveryRequired
from services.accounts.mailed_passwords import OutdatedError, use_mailed_password
from services.accounts.sessions import LoggedIn, SessionService
from services.accounts.sign_ins import SignIns
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import InvalidInput, TooManyAttempts
from services.common.secrets import digest
from services.factors.challenges import MAX_FAILURES
from services.factors.remembered_devices import remember
from services.factors.second_factors import INCORRECT, SecondFactors, WrongCode, code_problem
from services.mail.outbox import BEFORE_PASSWORD_CHANGE, MailKind, cancel, enqueue


@dataclass(frozen=True, slots=True)
class LoginExpired:
    """The challenge is unknown or expired, or had too many wrong codes, or the password changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepService:
    limiter: Limiter
    limits: Limits
    lockout: LoginLockout
    sessions: SessionService
    sign_ins: SignIns
    factors: SecondFactors
    actors: Actors
    clock: Clock = utc_now

    async def verify(
        self, caller: Caller, challenge: str, code: str, *, remember_device: bool = False
    ) -> LoggedIn | LoginExpired | RecoveryRequired | InvalidInput | TooManyAttempts:
        """Opens the session, and ends the one that the caller was signed in with.

        With `remember_device`, the next logins on it skip this step, unless the password was mailed.
        """
        if problem := code_problem(code):
            return InvalidInput((problem,))
        async with self.limiter.tally() as tally:
            (throttled,) = await tally.hit_all((self.limits.login, caller))
            if throttled:
                return throttled
            waiting = await self._waiting(digest(challenge))
            if waiting is None:
                return LoginExpired()
            if throttled := await tally.hit(self.limits.second_factor, str(waiting.account_id)):
                await tally.refund(after=1)
                return throttled
            email_key = waiting.account.email_key
            async with self.lockout.attempt(email_key, caller) as attempt:
                outcome = await self._try(caller, waiting, code, attempt, remember_device)
            if not isinstance(outcome, InvalidInput):
                await tally.refund()
        if isinstance(outcome, LoggedIn):
            await self.sessions.logout(caller)
        return outcome

    async def _try(
        self, caller: Caller, waiting: LoginChallenge, code: str, attempt: LoginAttempt, remember_device: bool
    ) -> LoggedIn | LoginExpired | RecoveryRequired | InvalidInput:
        # As in the first step, a mailed password opens a locked bucket.
        if attempt.locked and waiting.mailed_digest is None:
            await self.lockout.withdraw(attempt)
            return RecoveryRequired()
        try:
            outcome = await atomically(partial(self._open, caller, waiting, code, attempt, remember_device))
        except OutdatedError:
            await self.lockout.withdraw(attempt)
            return LoginExpired()
        if isinstance(outcome, LoggedIn):
            return outcome
        await atomically(partial(self._fail, caller, waiting, attempt))
        return INCORRECT

    async def _open(
        self, caller: Caller, waiting: LoginChallenge, code: str, attempt: LoginAttempt, remember_device: bool
    ) -> LoggedIn | WrongCode:
        now, actor = self.clock(), self.actors.of(caller)
        if waiting.mailed_digest:
            await cancel(BEFORE_PASSWORD_CHANGE, waiting.account.email_key)
        account = await Account.select_for_update().get_or_none(id=waiting.account_id)
        if account is None or not await self._is_valid(waiting, account):
            raise OutdatedError
        way = await verify_code(self.factors, actor, account.id, account.email_key, code, now)
        if isinstance(way, WrongCode):
            return way
        await LoginChallenge.filter(digest=waiting.digest).delete()
        restricted_until = None
        if waiting.mailed_digest:
            restricted_until = await use_mailed_password(actor, account, waiting.mailed_digest, now)
        caller = replace(caller, device_name=waiting.device_name)
        opened = await self.sign_ins.complete(
            caller, account, attempt, step=way.value, restricted_until=restricted_until
        )
        if not remember_device or restricted_until:
            return opened
        session_id = opened.principal.session_id
        await record(actor, EventKind.DEVICE_REMEMBERED, account.id, subject=session_id)
        return replace(opened, device=await remember(account, session_id, caller, now))

    async def _fail(self, caller: Caller, waiting: LoginChallenge, attempt: LoginAttempt) -> None:
        if attempt.locks:
            await enqueue(MailKind.SIGN_IN_CLOSED, waiting.account.email_key)
        await LoginChallenge.filter(digest=waiting.digest).update(failures=F("failures") + 1)
        await LoginChallenge.filter(digest=waiting.digest, failures__gte=MAX_FAILURES).delete()
        await record(self.actors.of(caller), EventKind.SIGN_IN_FAILED, waiting.account_id, detail="wrong second factor")

    async def _waiting(self, challenge: str) -> LoginChallenge | None:
        valid = LoginChallenge.filter(digest=challenge, expires_at__gt=self.clock())
        return await valid.select_related("account").first()

    async def _is_valid(self, waiting: LoginChallenge, account: Account) -> bool:
        if not await LoginChallenge.exists(digest=waiting.digest):
            return False
        return bool(waiting.mailed_digest) or account.password_generation == waiting.password_generation
