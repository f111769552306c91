"""Signing in: the one place where passwords are tried."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.account import Account
from models.mailed_password import MailedPassword
from models.outage import DATABASE_ERRORS
from models.registration import Registration
from models.session import Session
from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from services.accounts.email import email_problem, parse_email
from services.accounts.hashing import Hasher
from services.accounts.lockout import LoginAttempt, LoginLockout
from services.accounts.password_policy import (
    MAX_LENGTH,
    canonical_mailed_password,
    is_missing,
    is_typeable,
    parse_mailed_password,
    typed_password,
)
from services.accounts.registration_ids import RegistrationIds
from services.accounts.sessions import LoggedIn, SessionService
from services.captcha.service import CaptchaAnswer, CaptchaService
from services.common.blank import is_blank
from services.common.caller import Caller
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
from services.common.secrets import digest
from services.mail.outbox import MailKind, cancel, enqueue

# One row for any e-mail, so that it takes the same time whether there is something to find.
_LOOK_UP = """
SELECT account.id, account.password_hash, account.password_generation,
  mailed_password.digest, mailed_password.expires_at, mailed_password.used_at
FROM (SELECT 1) AS always
LEFT JOIN account ON account.email_key = $1
LEFT JOIN mailed_password ON mailed_password.account_id = account.id AND mailed_password.digest = $2
"""


@dataclass(frozen=True, slots=True)
class AccountNotConfirmed:
    """The password is right, and the registration waits for its code."""


@dataclass(frozen=True, slots=True)
class RecoveryRequired:
    """Too many wrong passwords in a row came through this bucket."""


@dataclass(frozen=True, slots=True)
class _Mailed:
    """The account's mailed password that was typed, alive when it was looked up."""

    digest: str
    expires_at: datetime
    used: bool


@dataclass(frozen=True, slots=True, repr=False)
class _Found:
    """What was found for an e-mail: an account or nothing."""

    account_id: UUID | None
    password_hash: str | None
    password_generation: int | None
    mailed: _Mailed | None


class _EndedMeanwhileError(Exception):
    """What was verified was changed or used before the session opened."""


class LoginService:
    """With `conceal_accounts` the password, too, tells nobody that a registration waits or a bucket is closed."""

    def __init__(
        self,
        hasher: Hasher,
        limiter: Limiter,
        limits: Limits,
        captchas: CaptchaService,
        lockout: LoginLockout,
        sessions: SessionService,
        ids: RegistrationIds,
        *,
        conceal_accounts: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self._hasher = hasher
        self._limiter = limiter
        self._limits = limits
        self._captchas = captchas
        self._lockout = lockout
        self._sessions = sessions
        self._ids = ids
        self._conceal_accounts = conceal_accounts
        self._clock = clock

    async def login(
        self, caller: Caller, email: str, password: str, captcha: CaptchaAnswer | None
    ) -> (
        LoggedIn
        | InvalidCredentials
        | AccountNotConfirmed
        | CaptchaRequired
        | CaptchaMismatch
        | RecoveryRequired
        | InvalidInput
        | TooManyAttempts
    ):
        """Opens a session; the one that the caller was signed in with ends."""
        if problems := _missing(email, password):
            return InvalidInput(problems)
        parsed = parse_email(email)
        typed = typed_password(password)
        if parsed is None or len(typed) > MAX_LENGTH or not (is_typeable(typed) or parse_mailed_password(typed)):
            return InvalidCredentials()
        async with self._limiter.tally() as tally:
            if refused := await self._check_limits(tally, caller, parsed.key, captcha):
                return refused
            attempt = await self._lockout.record_attempt(parsed.key, caller)
            try:
                return await self._verify(caller, parsed.key, typed, tally, attempt)
            except BaseException:  # a deadline, too: that the attempt came to nothing is not the person's fault
                with suppress(*DATABASE_ERRORS):
                    await self._lockout.withdraw(attempt)
                raise

    async def _check_limits(
        self, tally: Tally, caller: Caller, email_key: str, captcha: CaptchaAnswer | None
    ) -> CaptchaRequired | CaptchaMismatch | InvalidInput | TooManyAttempts | None:
        """Counts a failure in advance, so that parallel guesses count one by one."""
        if throttled := await tally.hit_client(self._limits.login, caller):
            return throttled
        many_here = await tally.hit_client(self._limits.login_captcha, caller)
        many_for_email = await tally.hit(self._limits.login_failures, email_key)
        if not (many_here or many_for_email):
            return None
        refused = await self._captchas.require(caller, captcha, f"login {email_key}")
        if refused:
            await tally.refund()
        return refused

    async def _verify(
        self, caller: Caller, email_key: str, typed: str, tally: Tally, attempt: LoginAttempt
    ) -> LoggedIn | InvalidCredentials | AccountNotConfirmed | RecoveryRequired | TooManyAttempts:
        found = await self._look_up(email_key, typed)
        verified = await self._verify_password(email_key, found, typed, attempt)
        if isinstance(verified, TooManyAttempts):
            await self._take_back(tally, attempt)
            return verified
        if found.account_id and (verified or found.mailed):
            opened = await self._open(caller, email_key, found)
            if opened:
                await tally.refund()
                await self._lockout.record_success(attempt, email_key, caller)
                await self._sessions.logout(caller)
                if verified:
                    await self._upgrade_hash(found, typed)
                return opened
        if attempt.locked:
            await self._lockout.withdraw(attempt)
            # Told apart, a bucket that the owner has opened again would give the owner away.
            return InvalidCredentials() if self._conceal_accounts else RecoveryRequired()
        if verified and not found.account_id and not self._conceal_accounts:
            await self._take_back(tally, attempt)
            return AccountNotConfirmed()
        if attempt.locks:
            await enqueue(MailKind.SIGN_IN_CLOSED, email_key)
        return InvalidCredentials()

    async def _verify_password(
        self, email_key: str, found: _Found, typed: str, attempt: LoginAttempt
    ) -> bool | TooManyAttempts:
        """Whether it is the account's or, if there is none, that of a registration that waits for its code.

        What turns out to be wrong takes one hash and the same statements for any e-mail.
        """
        if found.account_id:
            verified = await self._hasher.verify(None if attempt.locked else found.password_hash, typed)
            if verified or found.mailed:
                return verified
            registration_id = uuid4()  # nobody's
        else:
            password_hash = await self._hasher.hash(typed, self._ids.salt(email_key))
            if isinstance(password_hash, TooManyAttempts):
                return password_hash
            registration_id = self._ids.of(email_key, password_hash)
        return await Registration.exists(id=registration_id)

    async def _look_up(self, email_key: str, typed: str) -> _Found:
        (row,) = await fetch(_LOOK_UP, email_key, digest(canonical_mailed_password(typed)))
        if row["id"] is None:
            return _Found(None, None, None, None)
        mailed = None
        if row["digest"] and as_datetime(row["expires_at"]) > self._clock():
            mailed = _Mailed(row["digest"], as_datetime(row["expires_at"]), row["used_at"] is not None)
        return _Found(as_uuid(row["id"]), row["password_hash"], row["password_generation"], mailed)

    async def _take_back(self, tally: Tally, attempt: LoginAttempt) -> None:
        """No password was wrong. The e-mail's other failures stay: what an owner does changes nothing for strangers."""
        await tally.refund()
        await self._lockout.withdraw(attempt)

    async def _open(self, caller: Caller, email_key: str, found: _Found) -> LoggedIn | None:
        """None where the password was changed, or the mailed one ended, while it was being verified."""
        mailed = found.mailed

        async def open_session() -> LoggedIn:
            if mailed and not mailed.used:
                await cancel((MailKind.RECOVERY,), email_key)
            account = await Account.select_for_update().get(id=found.account_id)
            if mailed:
                await self._promote(account, mailed)
            elif account.password_generation != found.password_generation:
                raise _EndedMeanwhileError
            return await self._sessions.open(caller, account, restricted_until=mailed.expires_at if mailed else None)

        try:
            return await atomically(open_session)
        except _EndedMeanwhileError:
            return None

    async def _promote(self, account: Account, mailed: _Mailed) -> None:
        """The first use of a mailed password makes it the only way in; later uses only need it to be alive."""
        now = self._clock()
        ours = MailedPassword.filter(digest=mailed.digest, expires_at__gt=now)
        if not await ours.filter(used_at__isnull=True).update(used_at=now):
            if not await ours.exists():
                raise _EndedMeanwhileError
            return
        account.password_hash = None
        account.password_generation += 1
        await account.save(update_fields=["password_hash", "password_generation"])
        await Session.filter(account_id=account.id).delete()
        await MailedPassword.filter(account_id=account.id).exclude(digest=mailed.digest).delete()
        await enqueue(MailKind.MAILED_PASSWORD_USED, account.email_key)

    async def _upgrade_hash(self, found: _Found, password: str) -> None:
        """Hashes anew where the parameters have changed since; whoever changed the password meanwhile wins."""
        if not found.password_hash or not self._hasher.is_outdated(found.password_hash):
            return
        password_hash = await self._hasher.hash(password)
        if isinstance(password_hash, str):
            unchanged = Account.filter(id=found.account_id, password_generation=found.password_generation)
            await unchanged.update(password_hash=password_hash)


def _missing(email: str, password: str) -> tuple[FieldProblem, ...]:
    """What was left empty. No account is looked up, so that nobody learns of one."""
    problems = [email_problem(email)] if is_blank(email) else []
    if is_missing(typed_password(password)):
        problems.append(FieldProblem("password", FieldErrorCode.MISSING))
    return tuple(problems)
