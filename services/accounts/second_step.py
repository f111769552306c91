"""The second step of a login: a code of the second factor or a passkey, after the right password.

Either is counted like a password (`login.py`): as a failure before it is verified, in the client's limit, in the
account's, and in the lockout. The account's limit counts wrong codes whatever their challenge, so that whoever knows
the password gets no more guesses by typing it again.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tortoise.expressions import F

from models.account import Account
from models.login_challenge import LoginChallenge
from models.mailed_password import MailedPassword
from models.transactions import atomically
from services.accounts.factor_codes import verify_code
from services.accounts.lockout import LoginAttempt, LoginLockout
from services.accounts.login import RecoveryRequired
from services.accounts.mailed_passwords import OutdatedError, use_mailed_password
from services.accounts.passkey_proofs import PasskeyProofs, incorrect
from services.accounts.sessions import LoggedIn, SessionService
from services.accounts.sign_ins import SignIns
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput, TooManyAttempts
from services.common.secrets import digest
from services.factors.challenges import MAX_FAILURES
from services.factors.passkey_answers import Answer, answer_problem, parse_answer
from services.factors.passkeys import AcceptedPasskey, RefusedPasskey
from services.factors.remembered_devices import remember
from services.factors.second_factors import (
    FAILURES_TO_MAIL,
    INCORRECT,
    ProofWay,
    SecondFactors,
    WrongCode,
    code_problem,
)
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
    proofs: PasskeyProofs
    actors: Actors
    clock: Clock = utc_now

    async def verify(
        self, caller: Caller, challenge: str, code: str | None, passkey: str | None, *, remember_device: bool = False
    ) -> LoggedIn | LoginExpired | RecoveryRequired | InvalidInput | TooManyAttempts:
        """Opens the session, and ends the one that the caller was signed in with. Either a code or a passkey counts.

        With `remember_device`, the next logins on it skip this step, unless the password was mailed.
        """
        given = _parse(code, passkey)
        if isinstance(given, FieldProblem):
            return InvalidInput((given,))
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
                outcome = await self._try(caller, waiting, given, attempt, remember_device)
            if not isinstance(outcome, InvalidInput):
                await tally.refund()
        if isinstance(outcome, LoggedIn):
            await self.sessions.logout(caller)
        return outcome

    async def _try(
        self, caller: Caller, waiting: LoginChallenge, given: str | Answer, attempt: LoginAttempt, remember_device: bool
    ) -> LoggedIn | LoginExpired | RecoveryRequired | InvalidInput:
        # As in the first step, a mailed password opens a locked bucket.
        if attempt.locked and waiting.mailed_digest is None:
            await self.lockout.withdraw(attempt)
            return RecoveryRequired()
        proof = given if isinstance(given, str) else await self.proofs.second_step(caller, given, waiting)
        try:
            outcome = await atomically(partial(self._open, caller, waiting, proof, attempt, remember_device))
        except OutdatedError:
            await self.lockout.withdraw(attempt)
            return LoginExpired()
        if isinstance(outcome, LoggedIn):
            return outcome
        await atomically(partial(self._fail, caller, waiting, attempt, outcome))
        return INCORRECT if isinstance(given, str) else incorrect("passkey")

    async def _open(
        self,
        caller: Caller,
        waiting: LoginChallenge,
        proof: str | AcceptedPasskey | RefusedPasskey,
        attempt: LoginAttempt,
        remember_device: bool,
    ) -> LoggedIn | WrongCode:
        now, actor = self.clock(), self.actors.of(caller)
        if waiting.mailed_digest:
            await cancel(BEFORE_PASSWORD_CHANGE, waiting.account.email_key)
        account = await Account.select_for_update().get_or_none(id=waiting.account_id)
        if account is None or not await self._is_valid(waiting, account):
            raise OutdatedError
        way = await self._verify(actor, account, proof, now)
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

    async def _verify(
        self, actor: Actor, account: Account, proof: str | AcceptedPasskey | RefusedPasskey, now: datetime
    ) -> ProofWay | WrongCode:
        if isinstance(proof, str):
            return await verify_code(self.factors, actor, account.id, account.email_key, proof, now)
        if isinstance(proof, RefusedPasskey) or not await proof.exists():
            return WrongCode(0)
        await Account.filter(id=account.id).update(second_factor_ends_at=None)  # its owner still has it
        return ProofWay.PASSKEY

    async def _fail(self, caller: Caller, waiting: LoginChallenge, attempt: LoginAttempt, wrong: WrongCode) -> None:
        if not wrong.failures and waiting.failures + 1 in FAILURES_TO_MAIL:  # only those of an app are counted in a row
            await enqueue(MailKind.SECOND_FACTOR_FAILED, waiting.account.email_key)
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
        if waiting.mailed_digest:
            mailed = MailedPassword.filter(digest=waiting.mailed_digest, account_id=account.id)
            return await mailed.filter(expires_at__gt=self.clock()).exists()
        return account.password_generation == waiting.password_generation


def _parse(code: str | None, passkey: str | None) -> str | Answer | FieldProblem:
    if passkey is None:
        return code_problem(code or "") or code or ""
    if code is not None:
        return answer_problem("passkey", FieldErrorCode.MALFORMED)  # which of the two counts is not for us to choose
    return parse_answer(passkey, "passkey")
