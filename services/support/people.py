"""What is known about an e-mail, for an operator who is asked: its account, or the registrations that wait."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.account import Account
from models.company import Company
from models.confirmation_code import ConfirmationCode
from models.mailed_password import MailedPassword
from models.payment import Payment
from models.registration import Registration
from models.series import Series
from models.session import Session
from services.accounts.lockout import Failures, LoginLockout
from services.accounts.onboarding import progress_of
from services.accounts.rfc import Rfc
from services.common.clock import utc_now
from services.mail import queue
from services.mail.queue import QueuedMail

_MAILS = 10


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """`password` is false if only recovery opens the account."""

    id: UUID
    email: str
    rfc: str
    taxpayer_type: str
    language: str
    created_at: datetime
    confirmed_at: datetime
    stage: str
    current_step: str | None
    active_until: datetime | None
    active_plan: str | None
    password: bool
    second_factor: bool
    mailed_passwords: int
    sessions: int
    last_seen_at: datetime | None
    company: bool
    series: int
    payments: dict[str, int]
    deletion_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RegistrationSummary:
    id: UUID
    email: str
    rfc: str
    language: str
    created_at: datetime
    mailed_at: datetime | None
    valid_codes: int


@dataclass(frozen=True, slots=True)
class Person:
    """`mails` are the last ones, the newest first."""

    account: AccountSummary | None
    registrations: list[RegistrationSummary]
    login_failures: Failures
    mails: list[QueuedMail]


async def find(email_key: str, lockout: LoginLockout) -> Person | None:
    """Returns None if the e-mail has neither an account nor a registration."""
    account = await Account.get_or_none(email_key=email_key)
    registrations = await registrations_of(email_key)
    if account is None and not registrations:
        return None
    return Person(
        account=await _account(account) if account else None,
        registrations=registrations,
        login_failures=await lockout.failures(email_key),
        mails=await queue.latest(email_key, _MAILS),
    )


async def registrations_of(email_key: str) -> list[RegistrationSummary]:
    """Returns the registrations that wait for their code, the oldest first."""
    waiting = await Registration.filter(email_key=email_key).order_by("created_at", "id")
    return [await _registration(registration) for registration in waiting]


async def _account(account: Account) -> AccountSummary:
    now = utc_now()
    progress = progress_of(account, now)
    seen = Session.filter(account_id=account.id, expires_at__gt=now)
    last = await seen.order_by("-last_seen_at").first()
    statuses = await Payment.filter(account_id=account.id).values_list("status", flat=True)
    return AccountSummary(
        id=account.id,
        email=account.email,
        rfc=account.rfc,
        taxpayer_type=Rfc(account.rfc).taxpayer_type.value,
        language=account.language,
        created_at=account.created_at,
        confirmed_at=account.confirmed_at,
        stage=progress.stage.value,
        current_step=progress.current_step.value if progress.current_step else None,
        active_until=account.active_until,
        active_plan=account.active_plan,
        password=account.password_hash is not None,
        second_factor=account.second_factor_since is not None,
        mailed_passwords=await MailedPassword.filter(account_id=account.id, expires_at__gt=now).count(),
        sessions=await seen.count(),
        last_seen_at=last.last_seen_at if last else None,
        company=await Company.exists(account_id=account.id),
        series=await Series.filter(account_id=account.id).count(),
        payments=dict(Counter(str(status) for status in statuses)),
        deletion_due_at=account.deletion_due_at,
    )


async def _registration(registration: Registration) -> RegistrationSummary:
    alive = ConfirmationCode.filter(registration_id=registration.id, expires_at__gt=utc_now())
    return RegistrationSummary(
        id=registration.id,
        email=registration.email,
        rfc=registration.rfc,
        language=registration.language,
        created_at=registration.created_at,
        mailed_at=registration.mailed_at,
        valid_codes=await alive.count(),
    )
