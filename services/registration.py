"""Steps 1 and 2: from what a person types to a confirmed account."""

from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.registration import Registration
from models.transactions import atomically
from services.caller import Caller
from services.captchas import CaptchaAnswer, Captchas
from services.clock import Clock, utc_now
from services.doors import Doors
from services.hashing import Hasher
from services.language import Language
from services.limits import Limit, Limiter, Limits
from services.mail.outbox import Kind, forget, owe
from services.onboarding import Event, Stage, after
from services.outcomes import (
    CaptchaMissed,
    CaptchaNeeded,
    FieldErrorCode,
    FieldProblem,
    InputRejected,
    Throttled,
)
from services.secrets import digest
from services.validation.confirmation_code import parse_confirmation_code
from services.validation.email import LONGEST, Email, email_problem, parse_email
from services.validation.password import PasswordPolicy, normalise_password
from services.validation.rfc import Rfc, parse_rfc


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """Step 1 as it was typed."""

    rfc: str
    email: str
    password: str = field(repr=False)
    password_confirmation: str = field(repr=False)
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    email: str
    rfc: str


@dataclass(frozen=True, slots=True)
class AlreadyRegistered:
    """The e-mail has an account, or a registration whose mail is on its way."""


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """Whether or not a mail goes out: that depends on what is not told."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    email: str


@dataclass(frozen=True, slots=True)
class CodeRejected:
    """Unknown, used or expired."""


class RegistrationService:
    """With `conceal_accounts` nobody learns from createAccount whether an e-mail has an account."""

    def __init__(
        self,
        hasher: Hasher,
        limiter: Limiter,
        limits: Limits,
        captchas: Captchas,
        doors: Doors,
        policy: PasswordPolicy,
        *,
        conceal_accounts: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self._hasher = hasher
        self._limiter = limiter
        self._limits = limits
        self._captchas = captchas
        self._doors = doors
        self._policy = policy
        self._conceal_accounts = conceal_accounts
        self._clock = clock

    async def create(
        self, caller: Caller, form: RegistrationForm, captcha: CaptchaAnswer | None
    ) -> Registered | AlreadyRegistered | InputRejected | CaptchaNeeded | CaptchaMissed | Throttled:
        checked = self._check(form)
        if isinstance(checked, InputRejected):
            return checked
        rfc, email, password = checked
        limits = self._limits
        purpose = f"createAccount {email.key}"
        if refused := await self._admit(caller, captcha, purpose, limits.create_account, limits.create_account_captcha):
            return refused
        async with self._limiter.tally() as tally:
            if throttled := await tally.hit(limits.resend_email, email.key):
                return throttled if self._conceal_accounts else AlreadyRegistered()
            password_hash = await self._hasher.hash(password)
            if isinstance(password_hash, Throttled):
                await tally.give_back()
                return password_hash
            registration = Registration(
                id=uuid4(),
                email_key=email.key,
                email=email.address,
                rfc=rfc.text,
                password_hash=password_hash,
                language=(form.language or caller.language).value,
                created_at=self._clock(),
            )
            return await atomically(partial(self._keep, registration))

    async def resend(
        self, caller: Caller, email: str, captcha: CaptchaAnswer | None
    ) -> CodeRequested | InputRejected | CaptchaNeeded | CaptchaMissed | Throttled:
        """Looks nothing up: the worker finds out whether there is a registration to write to."""
        parsed = parse_email(email)
        if parsed is None:
            return InputRejected((FieldProblem.of("email", email_problem(email)),))
        limits = self._limits
        purpose = f"resendConfirmationCode {parsed.key}"
        if refused := await self._admit(caller, captcha, purpose, limits.resend, limits.resend_captcha):
            return refused
        async with self._limiter.tally() as tally:
            if throttled := await tally.hit(limits.resend_email, parsed.key):
                return throttled
            await owe(Kind.CONFIRMATION, parsed.key)
        return CodeRequested()

    async def confirm(self, caller: Caller, code: str) -> Confirmed | CodeRejected | Throttled:
        """Turns the code's registration into the account of its e-mail, once, and drops the e-mail's others."""
        typed = parse_confirmation_code(code)
        if typed is None:
            return CodeRejected()
        if throttled := await self._limiter.hit_client(self._limits.confirm_account, caller):
            return throttled
        try:
            outcome = await atomically(partial(self._redeem, digest(typed)))
        except IntegrityError:  # another registration of this e-mail was confirmed at the same time
            return CodeRejected()
        if isinstance(outcome, Confirmed):
            await self._doors.reopen(
                outcome.email.lower()
            )  # which strangers may have closed before there was an account
        return outcome

    async def _admit(
        self, caller: Caller, captcha: CaptchaAnswer | None, purpose: str, stop: Limit, captcha_from: Limit
    ) -> CaptchaNeeded | CaptchaMissed | Throttled | None:
        """The client's limit: a captcha first, then no more."""
        if throttled := await self._limiter.hit_client(stop, caller):
            return throttled
        if await self._limiter.hit_client(captcha_from, caller):
            return await self._captchas.require(caller, captcha, purpose)
        return None

    def _check(self, form: RegistrationForm) -> tuple[Rfc, Email, str] | InputRejected:
        problems: list[FieldProblem] = []
        rfc = parse_rfc(form.rfc)
        if not isinstance(rfc, Rfc):
            problems.append(FieldProblem.of("rfc", rfc))
        email = parse_email(form.email)
        if email is None:
            problems.append(FieldProblem.of("email", email_problem(form.email)))
        password = normalise_password(form.password)
        if code := self._policy.check(password, (form.rfc[:LONGEST], form.email[:LONGEST])):
            problems.append(FieldProblem("password", code))
        if normalise_password(form.password_confirmation) != password:
            problems.append(FieldProblem("passwordConfirmation", FieldErrorCode.DOES_NOT_MATCH))
        if problems or email is None or not isinstance(rfc, Rfc):
            return InputRejected(tuple(problems))
        return rfc, email, password

    async def _keep(self, registration: Registration) -> Registered | AlreadyRegistered:
        known = await Account.exists(email_key=registration.email_key)
        if known and not self._conceal_accounts:
            return AlreadyRegistered()
        # Also where the e-mail is known, so that it takes as long: no code of such a registration is ever mailed.
        await Registration.bulk_create([registration])
        await owe(Kind.ALREADY_REGISTERED if known else Kind.CONFIRMATION, registration.email_key)
        return Registered(registration.email, registration.rfc)

    async def _redeem(self, code_digest: str) -> Confirmed | CodeRejected:
        now = self._clock()
        code = await ConfirmationCode.get_or_none(digest=code_digest).select_related("registration")
        if code is None or code.expires_at <= now:
            return CodeRejected()
        registration = code.registration
        await forget((Kind.CONFIRMATION,), registration.email_key)
        rivals = Registration.filter(email_key=registration.email_key).select_for_update()
        await rivals.order_by("id").only("id")
        if not await ConfirmationCode.filter(digest=code_digest).delete():
            return CodeRejected()
        await Account.create(
            id=uuid4(),
            email_key=registration.email_key,
            email=registration.email,
            rfc=registration.rfc,
            password_hash=registration.password_hash,
            language=registration.language,
            created_at=registration.created_at,
            confirmed_at=now,
            stage=after(Stage.REGISTERED, Event.CONFIRMED).value,
        )
        await Registration.filter(email_key=registration.email_key).delete()
        return Confirmed(registration.email)
