"""Login: the only place where a password is tried against an account. A passkey signs in by `passkey_login.py`.

The order of checks:

1. The format. Nothing is counted, and no account is looked up.
2. The limits of the client and of the e-mail address. Above the lower ones, a captcha is required.
3. The lockout records the attempt as a failure.
4. The password is verified, at the same cost for any e-mail address.

Everything is counted before the password is verified, so that parallel guesses are counted one by one. The result then
decides what this attempt takes back of its own counts (docs/decisions/0004-count-first.md):

| result                                      | limits     | lockout           |
|---------------------------------------------|------------|-------------------|
| wrong password                              | kept       | kept              |
| bucket was locked before                    | kept       | withdrawn         |
| client has reached its limit                | kept       | not reached       |
| captcha missing or wrong                    | taken back | not reached       |
| not verified: hasher busy, deadline, outage | taken back | withdrawn         |
| right password, unconfirmed registration    | taken back | withdrawn         |
| right password, second factor awaited       | taken back | withdrawn         |
| signed in                                   | taken back | bucket is emptied |

The second factor, if the account has one, is verified by `second_step.py`, which counts in the same way.

The address's earlier failures stay counted after a login: otherwise a stranger would notice that the owner signed in.
"""

from dataclasses import dataclass, field, replace
from functools import partial

from models.account import Account
from models.passkey import Passkey
from models.transactions import atomically
from services.accounts import credentials
from services.accounts.credentials import Candidate, MatchedMailedPassword, StandIns
from services.accounts.device_name import parse_device_name
from services.accounts.email import email_problem, parse_email
from services.accounts.hashing import Hasher
from services.accounts.lockout import LoginAttempt, LoginLockout
from services.accounts.mailed_passwords import OutdatedError, use_mailed_password
from services.accounts.password_policy import (
    MAX_LENGTH,
    is_missing,
    is_typeable,
    parse_mailed_password,
    typed_password,
)
from services.accounts.registration_ids import RegistrationIds
from services.accounts.sessions import LoggedIn, SessionService
from services.accounts.sign_ins import SignIns
from services.audit.actors import WORKER, Actors
from services.audit.events import EventKind, record
from services.captcha.service import CaptchaAnswer, CaptchaService
from services.common.caller import Caller
from services.common.characters import is_blank
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits, Tally
from services.common.outcomes import (
    CaptchaMismatch,
    CaptchaRequired,
    FieldErrorCode,
    FieldProblem,
    InvalidCredentials,
    InvalidInput,
    TooManyAttempts,
)
from services.factors import challenges, remembered_devices
from services.factors.challenges import SecondFactorRequired
from services.factors.passkeys import Passkeys
from services.factors.second_factors import SecondFactors
from services.mail.outbox import BEFORE_PASSWORD_CHANGE, MailKind, cancel, enqueue


@dataclass(frozen=True, slots=True)
class AccountNotConfirmed:
    """The password is right, and the registration waits for its code."""


@dataclass(frozen=True, slots=True)
class RecoveryRequired:
    """The bucket of the caller's network is locked."""


@dataclass(frozen=True, slots=True)
class LoginForm:
    email: str
    password: str = field(repr=False)
    device_name: str | None = None
    device_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginService:
    """With `conceal_accounts`, answers do not reveal an unconfirmed registration or a locked bucket."""

    hasher: Hasher
    limiter: Limiter
    limits: Limits
    captchas: CaptchaService
    lockout: LoginLockout
    sessions: SessionService
    sign_ins: SignIns
    ids: RegistrationIds
    stand_ins: StandIns
    factors: SecondFactors
    passkeys: Passkeys
    actors: Actors
    conceal_accounts: bool = False
    clock: Clock = utc_now

    async def login(
        self, caller: Caller, form: LoginForm, captcha: CaptchaAnswer | None
    ) -> (
        LoggedIn
        | SecondFactorRequired
        | InvalidCredentials
        | AccountNotConfirmed
        | CaptchaRequired
        | CaptchaMismatch
        | RecoveryRequired
        | InvalidInput
        | TooManyAttempts
    ):
        """Opens a session, and ends the one that the caller was signed in with."""
        device_name = parse_device_name(form.device_name or "")
        if (problems := _problems(form, device_name)) or isinstance(device_name, FieldProblem):
            return InvalidInput(problems)
        parsed = parse_email(form.email)
        typed = typed_password(form.password)
        caller = replace(caller, device_name=device_name, device_token=form.device_token)
        if parsed is None or not _may_be_a_password(typed):
            return InvalidCredentials()
        async with self.limiter.tally() as tally:
            if refused := await self._check_limits(tally, caller, parsed.key, captcha):
                return refused
            async with self.lockout.attempt(parsed.key, caller) as attempt:
                return await self._try(caller, parsed.key, typed, tally, attempt)

    async def _check_limits(
        self, tally: Tally, caller: Caller, email_key: str, captcha: CaptchaAnswer | None
    ) -> CaptchaRequired | CaptchaMismatch | InvalidInput | TooManyAttempts | None:
        throttled, many_here, many_for_email = await tally.hit_all(
            (self.limits.login, caller),
            (self.limits.login_captcha, caller),
            (self.limits.login_failures, email_key),
        )
        if throttled:
            await tally.refund(after=1)
            return throttled
        if not (many_here or many_for_email):
            return None
        refused = await self.captchas.require(caller, captcha, f"login {email_key}")
        if refused:
            await tally.refund()
        return refused

    async def _try(
        self, caller: Caller, email_key: str, typed: str, tally: Tally, attempt: LoginAttempt
    ) -> (
        LoggedIn | SecondFactorRequired | InvalidCredentials | AccountNotConfirmed | RecoveryRequired | TooManyAttempts
    ):
        candidate = await credentials.look_up(email_key, typed, self.stand_ins.position(email_key), self.clock())
        verified = await credentials.verify(candidate, email_key, typed, self.hasher, self.ids, locked=attempt.locked)
        if isinstance(verified, TooManyAttempts):
            await tally.refund()
            await self.lockout.withdraw(attempt)
            return verified
        # A mailed password opens a locked bucket, too: it proves that its owner reads the mailbox.
        if candidate.account_id and (verified.right or candidate.mailed):
            opened = await self._open_session(caller, email_key, candidate, attempt, verified.new_hash)
            if opened:
                await tally.refund()
                if isinstance(opened, LoggedIn):
                    await self.sessions.logout(caller)
                return opened
        failed = partial(self._fail, caller, email_key, candidate, attempt)
        if attempt.locked:
            await atomically(partial(failed, "locked", withdraw=True))
            # Strangers see a bucket unlock when its owner recovers the password, which would reveal the account.
            return InvalidCredentials() if self.conceal_accounts else RecoveryRequired()
        if verified.right and not candidate.account_id and not self.conceal_accounts:
            await tally.refund()
            await atomically(partial(failed, "not confirmed", withdraw=True))
            return AccountNotConfirmed()
        wrong = partial(failed, "wrong password", withdraw=False)
        await (atomically(wrong) if attempt.locks else wrong())  # usually one statement, which needs no transaction
        return InvalidCredentials()

    async def _fail(
        self, caller: Caller, email_key: str, candidate: Candidate, attempt: LoginAttempt, why: str, *, withdraw: bool
    ) -> None:
        """Records a failure, at the same cost whether or not the e-mail has an account."""
        if withdraw:
            await self.lockout.withdraw(attempt)
        elif attempt.locks:
            await enqueue(MailKind.SIGN_IN_CLOSED, email_key)
        await record(
            self.actors.of(caller),
            EventKind.SIGN_IN_FAILED,
            candidate.account_id,
            email=self.actors.email(email_key),
            detail=why,
        )

    async def _open_session(
        self, caller: Caller, email_key: str, candidate: Candidate, attempt: LoginAttempt, new_hash: str | None
    ) -> LoggedIn | SecondFactorRequired | None:
        """Empties the attempt's bucket, and replaces an outdated hash of the password.

        With a second factor, unless the device is remembered, nothing is used yet and no bucket emptied. Returns None
        if the password changed, the mailed one ended, or the account was deleted, in the meantime.
        """
        mailed, actor = candidate.mailed, self.actors.of(caller)

        async def open_session() -> LoggedIn | SecondFactorRequired:
            if mailed and not mailed.used:
                await cancel(BEFORE_PASSWORD_CHANGE, email_key)
            account = await Account.select_for_update().get_or_none(id=candidate.account_id)
            if account is None:
                raise OutdatedError
            if account.second_factor_ends_at and account.second_factor_ends_at <= self.clock():
                await self._end_second_factor(account)
            if not mailed and account.password_generation != candidate.password_generation:
                raise OutdatedError
            device = None
            if account.second_factor_since:
                device = None if mailed else await remembered_devices.find(account, caller.device_token, self.clock())
                if device is None:
                    return await self._challenge(caller, account, attempt, mailed)
            if mailed:
                await use_mailed_password(actor, account, mailed.digest, self.clock())
            elif new_hash:
                account.password_hash = new_hash  # of the same password, so its generation stays
                await account.save(update_fields=["password_hash"])
            opened = await self.sign_ins.complete(
                caller,
                account,
                attempt,
                step="remembered device" if device else None,
                proved=device is None,
                restricted_until=mailed.expires_at if mailed else None,
            )
            if device:
                await remembered_devices.record_use(device, opened.principal.session_id, self.clock())
            return opened

        try:
            return await atomically(open_session)
        except OutdatedError:
            return None

    async def _end_second_factor(self, account: Account) -> None:
        await Passkey.filter(account_id=account.id).delete()  # the owner has lost them, too, or would have used one
        await self.factors.remove(account)
        await enqueue(MailKind.SECOND_FACTOR_REMOVED, account.email_key)
        await record(WORKER, EventKind.SECOND_FACTOR_REMOVED, account.id)

    async def _challenge(
        self, caller: Caller, account: Account, attempt: LoginAttempt, mailed: MatchedMailedPassword | None
    ) -> SecondFactorRequired:
        await self.lockout.withdraw(attempt)
        return await challenges.issue(
            account,
            self.passkeys,
            self.clock(),
            mailed=mailed.digest if mailed else None,
            device_name=caller.device_name,
        )


def _problems(form: LoginForm, device_name: str | FieldProblem | None) -> tuple[FieldProblem, ...]:
    """The fields that were left empty, and a device name that cannot be shown."""
    problems = [email_problem(form.email)] if is_blank(form.email) else []
    if is_missing(typed_password(form.password)):
        problems.append(FieldProblem("password", FieldErrorCode.MISSING))
    if isinstance(device_name, FieldProblem):
        problems.append(device_name)
    return tuple(problems)


def _may_be_a_password(typed: str) -> bool:
    return len(typed) <= MAX_LENGTH and (is_typeable(typed) or parse_mailed_password(typed) is not None)
