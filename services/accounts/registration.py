"""Steps 1 and 2: registers a taxpayer and confirms the account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tortoise.exceptions import IntegrityError

from models.registration import Registration
from models.sql import as_datetime, fetch
from models.transactions import atomically
from services.accounts.confirmation import Redeemed, redeem, redeemed_before
from services.accounts.confirmation_code import InvalidConfirmationCode, parse_confirmation_code
from services.accounts.email import MAX_LENGTH, Email, email_problem, parse_email
from services.accounts.hashing import Hasher
from services.accounts.lockout import LoginLockout
from services.accounts.password_policy import PasswordPolicy, check_confirmation, normalize_password
from services.accounts.privacy import check_acceptance
from services.accounts.privacy_notice import PrivacyNotice
from services.accounts.registration_ids import RegistrationIds
from services.accounts.rfc import COMPANY_LENGTH, PERSON_LENGTH, Rfc, parse_rfc
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.captcha.service import CaptchaAnswer, CaptchaService
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limit, Limiter, Limits, Tally
from services.common.outcomes import (
    CaptchaMismatch,
    CaptchaRequired,
    FieldProblem,
    InvalidInput,
    TooManyAttempts,
)
from services.common.secrets import digest
from services.common.translations import Language
from services.events.facts import EventType
from services.events.publishing import publish
from services.mail.issuing import CODE_LIFE
from services.mail.outbox import MailKind, cancel_for_registration, enqueue, enqueue_for_registration

_RESEND_AFTER = timedelta(minutes=1)
_SELECT_ACCOUNT = "SELECT id FROM account WHERE email_key = $1"
# The same person may register again.
_UPSERT = """
INSERT INTO registration (id, email_key, email, rfc, password_hash, language, created_at, privacy_notice)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email, rfc = EXCLUDED.rfc, language = EXCLUDED.language,
  created_at = EXCLUDED.created_at, privacy_notice = EXCLUDED.privacy_notice
RETURNING mailed_at
"""


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """The form of step 1, as typed."""

    rfc: str
    email: str
    password: str = field(repr=False)
    password_confirmation: str = field(repr=False)
    language: Language | None = None
    accepted_privacy_notice: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    email: str
    rfc: str


@dataclass(frozen=True, slots=True)
class UserAlreadyExists:
    """The e-mail has an account."""


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """A mail may or may not go out; deliberately unspecified."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    email: str


class _MailRefusedError(Exception):
    """No mail may be sent and none is pending: the registration is not kept."""

    def __init__(self, throttled: TooManyAttempts) -> None:
        self.throttled = throttled


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationService:
    """The same e-mail and password mean the same person, who has one registration with what was typed last.

    With `conceal_accounts`, createAccount does not reveal whether an e-mail has an account. With a `notice`, nobody
    registers without accepting it.
    """

    hasher: Hasher
    limiter: Limiter
    limits: Limits
    captchas: CaptchaService
    lockout: LoginLockout
    policy: PasswordPolicy
    ids: RegistrationIds
    actors: Actors
    conceal_accounts: bool = False
    notice: PrivacyNotice | None = None
    clock: Clock = utc_now

    async def create(
        self, caller: Caller, form: RegistrationForm, captcha: CaptchaAnswer | None
    ) -> Registered | UserAlreadyExists | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts:
        checked = self._check(form)
        if isinstance(checked, InvalidInput):
            return checked
        rfc, email, password = checked
        limits = self.limits
        purpose = f"createAccount {email.key}"
        if refused := await self._check_limits(
            caller, captcha, purpose, limits.create_account, limits.create_account_captcha
        ):
            return refused
        password_hash = await self.hasher.hash(password, self.ids.salt(email.key))
        if isinstance(password_hash, TooManyAttempts):
            return password_hash
        registration = Registration(
            id=self.ids.of(email.key, password_hash),
            email_key=email.key,
            email=email.address,
            rfc=rfc.text,
            password_hash=password_hash,
            language=(form.language or caller.language).value,
            created_at=self.clock(),
            privacy_notice=self.notice.version if self.notice else None,
        )
        try:
            async with self.limiter.tally(in_transaction=True) as tally:
                return await atomically(partial(self._store, caller, registration, tally))
        except _MailRefusedError as error:
            return error.throttled

    async def resend(
        self, caller: Caller, email: str, captcha: CaptchaAnswer | None
    ) -> CodeRequested | InvalidInput | CaptchaRequired | CaptchaMismatch | TooManyAttempts:
        """Looks up nothing: the worker finds out whether there is a registration."""
        parsed = parse_email(email)
        if parsed is None:
            return InvalidInput((email_problem(email),))
        limits = self.limits
        purpose = f"resendConfirmationCode {parsed.key}"
        if refused := await self._check_limits(caller, captcha, purpose, limits.resend, limits.resend_captcha):
            return refused
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(limits.resend_email, parsed.key):
                return CodeRequested() if tally.is_repeat else throttled
            await enqueue(MailKind.CONFIRMATION, parsed.key)
        return CodeRequested()

    async def confirm(
        self, caller: Caller, code: str
    ) -> Confirmed | InvalidConfirmationCode | InvalidInput | TooManyAttempts:
        """Turns the code's registration into the account of its e-mail, once, and deletes the e-mail's others.

        A used code gets the same result until it expires, and has no further effect.
        """
        typed = parse_confirmation_code(code)
        if not isinstance(typed, str):
            return typed
        if throttled := await self.limiter.hit_client(self.limits.confirm_account, caller):
            return throttled
        code_digest = digest(typed)
        try:
            redeemed = await atomically(partial(self._redeem, caller, code_digest))
        except IntegrityError:  # a registration of this e-mail was confirmed at the same time
            redeemed = await redeemed_before(code_digest, self.clock())
        if redeemed and not redeemed.again:  # requests of strangers before there was an account do not count
            await self.limiter.clear(self.limits.recover_password_email, redeemed.email_key)
        return Confirmed(redeemed.email) if redeemed else InvalidConfirmationCode()

    async def _check_limits(
        self, caller: Caller, captcha: CaptchaAnswer | None, purpose: str, stop: Limit, captcha_from: Limit
    ) -> CaptchaRequired | CaptchaMismatch | InvalidInput | TooManyAttempts | None:
        """Applies the client's limits: above the lower one a captcha is required, above the other it must wait."""
        stopped, many_here = await self.limiter.count_all((stop, caller), (captcha_from, caller))
        if stopped.throttled:
            await self.limiter.refund(many_here)
            return stopped.throttled
        if many_here.throttled:
            return await self.captchas.require(caller, captcha, purpose)
        return None

    def _check(self, form: RegistrationForm) -> tuple[Rfc, Email, str] | InvalidInput:
        problems: list[FieldProblem] = []
        rfc = parse_rfc(form.rfc)
        if not isinstance(rfc, Rfc):
            problems.append(FieldProblem.of("rfc", rfc, COMPANY_LENGTH, PERSON_LENGTH))
        email = parse_email(form.email)
        if email is None:
            problems.append(email_problem(form.email))
        password = normalize_password(form.password)
        if code := self.policy.check(password, (form.rfc[:MAX_LENGTH], form.email[:MAX_LENGTH])):
            problems.append(self.policy.problem("password", code))
        if problem := check_confirmation("passwordConfirmation", password, form.password_confirmation):
            problems.append(problem)
        if self.notice and (missing := check_acceptance(self.notice, form.accepted_privacy_notice)):
            problems.append(FieldProblem("acceptedPrivacyNotice", missing))
        if problems or email is None or not isinstance(rfc, Rfc):
            return InvalidInput(tuple(problems))
        return rfc, email, password

    async def _store(self, caller: Caller, registration: Registration, tally: Tally) -> Registered | UserAlreadyExists:
        """Keeps what was typed, and enqueues its mail unless that is pending or has just left.

        The outbox row is locked first, as everywhere: of a double click, one enqueues the mail and the other finds it.
        """
        await tally.refund()  # of an earlier attempt of the transaction
        known = bool(await fetch(_SELECT_ACCOUNT, registration.email_key))
        if known and not self.conceal_accounts:
            return UserAlreadyExists()
        # A known e-mail gets a registration, too, so that it takes as long; no code is ever mailed for it.
        kind = MailKind.ALREADY_REGISTERED if known else MailKind.CONFIRMATION
        first = await enqueue_for_registration(kind, registration.email_key, registration.id)
        mailed_at = await _keep(registration)
        if first and not await self._mail_is_due(caller, registration.email_key, mailed_at, tally):
            await cancel_for_registration(kind, registration.id)
        email = self.actors.email(registration.email_key)
        await record(self.actors.of(caller), EventKind.REGISTERED, email=email)
        return Registered(registration.email, registration.rfc)

    async def _mail_is_due(self, caller: Caller, email_key: str, mailed_at: datetime | None, tally: Tally) -> bool:
        """Counts the mail, and raises _MailRefusedError if that is one too many and no earlier code is valid."""
        now = self.clock()
        if mailed_at and mailed_at > now - _RESEND_AFTER:
            return False
        throttled = await self._count_mail(caller, email_key, tally)
        if throttled and (mailed_at is None or mailed_at <= now - CODE_LIFE):
            raise _MailRefusedError(throttled)
        return throttled is None

    async def _count_mail(self, caller: Caller, email_key: str, tally: Tally) -> TooManyAttempts | None:
        """Counts for the e-mail and this client first, so that one client cannot use up the limit of the e-mail."""
        client = f"{email_key} {caller.site or caller.client}"
        if throttled := await tally.hit(self.limits.create_account_email_client, client):
            return throttled
        throttled = await tally.hit(self.limits.create_account_email, email_key)
        if throttled:
            await self.limiter.refund(tally.hits.pop(0))
        return throttled

    async def _redeem(self, caller: Caller, code_digest: str) -> Redeemed | None:
        redeemed = await redeem(code_digest, self.clock())
        if redeemed and not redeemed.again:
            await self.lockout.reset(redeemed.email_key)  # strangers may have locked it before there was an account
            await record(self.actors.of(caller), EventKind.CONFIRMED, redeemed.account_id)
            await publish(redeemed.account_id, EventType.ACCOUNT_CONFIRMED)
        return redeemed


async def _keep(registration: Registration) -> datetime | None:
    """Stores what was typed. Returns when the last mail about the registration was sent."""
    email = (registration.email_key, registration.email)
    typed = (registration.rfc, registration.password_hash, registration.language)
    at = (registration.created_at, registration.privacy_notice)
    (row,) = await fetch(_UPSERT, str(registration.id), *email, *typed, *at)
    return row["mailed_at"] and as_datetime(row["mailed_at"])
