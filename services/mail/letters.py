"""The recipient and content of each kind of mail, and the secret that is issued when it is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.mailed_password import MailedPassword
from models.registration import Registration
from services.common.clock import utc_now
from services.common.secrets import digest, generate
from services.common.translations import Language, localize_date
from services.mail.outbox import FAREWELLS, Claim, MailKind

CODE_LENGTH = 40  # 198 bits
CODE_LIFE = timedelta(hours=24)
MAILED_PASSWORD_LENGTH = 24  # 118 bits
MAILED_PASSWORD_LIFE = timedelta(hours=24)
_GROUP_LENGTH = 6  # characters of a mailed password between hyphens
MAILED_PASSWORD_GROUPS = (_GROUP_LENGTH, MAILED_PASSWORD_LENGTH // _GROUP_LENGTH)  # their length and number
_CODES = {MailKind.CONFIRMATION, MailKind.RECOVERY}  # which the owner of a registration can request
_MAX_REGISTRATIONS = 3  # registrations that one request can refer to
_NEVER = datetime.min.replace(tzinfo=UTC)


async def _no_secret(_: datetime) -> None:
    """Notices carry no secret."""


@dataclass(frozen=True, slots=True)
class MailContent:
    """The content of a mail: `template` names its texts, and `values` are shown in it and hold no secret.

    `generate` issues its secret and stores the digest, in the caller's transaction.
    """

    email: str
    language: Language
    template: str
    values: Mapping[str, str]
    generate: Callable[[datetime], Awaitable[str | None]] = _no_secret


async def content_for(claim: Claim) -> MailContent | None:
    """Returns None if there is nobody to write to: the e-mail is unknown, or its state has changed.

    A code belongs to the claim's registration and to no other.
    """
    kind, email_key, registration_id = claim.kind, claim.email_key, claim.registration_id
    if kind in FAREWELLS:
        return farewell(kind, claim.address, claim.language) if claim.address and claim.language else None
    account = await Account.get_or_none(email_key=email_key)
    if account:
        match kind:
            case MailKind.CONFIRMATION:
                return None
            case MailKind.RECOVERY:
                return None if registration_id else mailed_password(account)
            case _:
                return notice(account, kind)
    if registration_id and kind in _CODES:
        registration = await Registration.get_or_none(id=registration_id)
        return confirmation_code(registration, recovering=kind is MailKind.RECOVERY) if registration else None
    return None


async def registrations_to_mail(kind: MailKind, email_key: str, requested_at: datetime) -> list[UUID]:
    """Returns the registrations that a request for a code refers to, if its e-mail has no account.

    Of those that got no mail since: the newest one, and the two that have waited longest. So each of many gets its
    mail, and nobody can prevent another's.
    """
    if kind not in _CODES or await Account.exists(email_key=email_key):
        return []
    newest_first = await Registration.filter(email_key=email_key).order_by("-created_at")
    waiting = [registration for registration in newest_first if _last_mailed(registration) < requested_at]
    longest_first = sorted(waiting[1:], key=_last_mailed)
    return [registration.id for registration in (*waiting[:1], *longest_first[: _MAX_REGISTRATIONS - 1])]


async def mark_mailed(registration_id: UUID) -> None:
    """Records when a mail about a registration was last sent."""
    await Registration.filter(id=registration_id).update(mailed_at=utc_now())


def confirmation_code(registration: Registration, *, recovering: bool) -> MailContent:
    """`recovering` is for a person who asked for a password before confirming."""
    return MailContent(
        email=registration.email,
        language=Language(registration.language),
        template="unconfirmed" if recovering else "confirmation",
        values={"user": registration.email, "rfc": registration.rfc},
        generate=partial(_issue_code, registration),
    )


def mailed_password(account: Account) -> MailContent:
    return MailContent(
        email=account.email,
        language=Language(account.language),
        template="recovery",
        values={"user": account.email, "rfc": account.rfc},
        generate=partial(_issue_password, account),
    )


def notice(account: Account, kind: MailKind) -> MailContent:
    language = Language(account.language)
    values = {"user": account.email}
    if kind in {MailKind.RFC_CHANGED, MailKind.ACCOUNT_CONFIRMED}:
        values |= {"rfc": account.rfc}
    if kind in {MailKind.PAYMENT_RECEIVED, MailKind.PAYMENT_REFUNDED} and account.active_until:
        values |= {"rfc": account.rfc, "until": localize_date(language, account.active_until)}
    return MailContent(account.email, language, kind.value, values)


def farewell(kind: MailKind, address: str, language: str) -> MailContent:
    """For an e-mail that no account has any more."""
    return MailContent(address, Language(language), kind.value, {"user": address})


async def _issue_code(registration: Registration, now: datetime) -> str:
    code = generate(CODE_LENGTH)
    await ConfirmationCode.create(digest=digest(code), registration_id=registration.id, expires_at=now + CODE_LIFE)
    return code


async def _issue_password(account: Account, now: datetime) -> str:
    password = generate(MAILED_PASSWORD_LENGTH)
    expires_at = now + MAILED_PASSWORD_LIFE
    await MailedPassword.create(digest=digest(password), account_id=account.id, expires_at=expires_at)
    return "-".join(
        password[start : start + _GROUP_LENGTH] for start in range(0, MAILED_PASSWORD_LENGTH, _GROUP_LENGTH)
    )


def _last_mailed(registration: Registration) -> datetime:
    return registration.mailed_at or _NEVER
