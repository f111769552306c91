"""The recipient and content of each kind of mail."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.account import Account
from models.registration import Registration
from models.sql import among, as_datetime, as_uuid, fetch
from services.common.translations import Language, localize_date, localize_moment
from services.mail.outbox import ABOUT_SIGN_INS, ADDRESSED, BEFORE_DELETION, OF_EMAIL_CHANGES, Claim, MailKind
from services.mail.sign_in_facts import SignInFacts

_CODES = {MailKind.CONFIRMATION, MailKind.RECOVERY}  # which the owner of a registration can request
_MAX_REGISTRATIONS = 3  # registrations that one request can refer to
_NEVER = datetime.min.replace(tzinfo=UTC)


# What a mail says of an account or of a registration, which have these columns in common.
_ACCOUNTS = (
    "SELECT id, email_key, email, language, rfc, active_until, deletion_due_at FROM account WHERE email_key = ANY($1)"
)
_REGISTRATIONS = """
SELECT id, email, language, rfc, NULL AS active_until, NULL AS deletion_due_at FROM registration WHERE id = ANY($1)
"""


_EMAIL_CHANGES = """
SELECT email_change.id, account_id, old_email, new_email, changed_at, language
FROM email_change JOIN account ON account.id = email_change.account_id WHERE email_change.id = ANY($1)
"""


class Secret(enum.Enum):
    """What a mail carries: a registration's code, an account's password or export link, or a code of a new e-mail."""

    CODE = enum.auto()
    PASSWORD = enum.auto()
    EMAIL_CODE = enum.auto()
    REVERTING_CODE = enum.auto()
    EXPORT_TOKEN = enum.auto()


@dataclass(frozen=True, slots=True)
class MailContent:
    """The content of a mail: `template` names its texts, and `values` are shown in it and hold no secret.

    A secret is for the `owner`, a registration, an account or a change of e-mail. It is issued when the mail is about
    to leave.
    """

    email: str
    language: Language
    template: str
    values: Mapping[str, str]
    secret: Secret | None = None
    owner: UUID | None = None


async def contents_for(claims: Sequence[Claim]) -> list[MailContent | None]:
    """Returns the content of each mail, or None if there is nobody to write to: the e-mail is unknown, or has changed.

    A code belongs to the claim's registration and to no other.
    """
    keys = {claim.email_key for claim in claims if claim.kind not in ADDRESSED}
    ids = {claim.registration_id for claim in claims if claim.registration_id}
    rows = await fetch(_ACCOUNTS, among(keys)) if keys else []
    accounts = {row["email_key"]: Recipient.of(row) for row in rows}
    rows = await fetch(_REGISTRATIONS, among(ids)) if ids else []
    registrations: dict[UUID | None, Recipient] = {as_uuid(row["id"]): Recipient.of(row) for row in rows}
    changes = {claim.email_change_id for claim in claims if claim.email_change_id}
    rows = await fetch(_EMAIL_CHANGES, among(changes)) if changes else []
    emails: dict[UUID | None, Mapping[str, Any]] = {as_uuid(row["id"]): row for row in rows}
    return [
        _of_email_change(claim.kind, emails.get(claim.email_change_id), accounts.get(claim.email_key))
        if claim.kind in OF_EMAIL_CHANGES
        else _content(claim, accounts.get(claim.email_key), registrations.get(claim.registration_id))
        for claim in claims
    ]


def _content(claim: Claim, account: "Recipient | None", registration: "Recipient | None") -> MailContent | None:
    kind = claim.kind
    if kind in ADDRESSED:
        return to_address(kind, claim.address, claim.language) if claim.address and claim.language else None
    if account:
        match kind:
            case MailKind.CONFIRMATION:
                return None
            case MailKind.RECOVERY:
                return None if claim.registration_id else mailed_password(account)
            case MailKind.DATA_EXPORT:
                return export_link(account)
            case kind if kind in BEFORE_DELETION and not account.deletion_due_at:
                return None
            case kind if kind in ABOUT_SIGN_INS:
                return about_sign_in(account, kind, claim.facts) if claim.facts else None
            case _:
                return notice(account, kind)
    if registration and kind in _CODES:
        return confirmation_code(registration, recovering=kind is MailKind.RECOVERY)
    return None


def _of_email_change(
    kind: MailKind, change: Mapping[str, Any] | None, account: "Recipient | None"
) -> MailContent | None:
    """`account` is that of the e-mail that the mail goes to. Nobody else gets the code of an e-mail that has one."""
    confirming = kind is MailKind.EMAIL_CODE
    if change is None or confirming is not (change["changed_at"] is None):
        return None
    if confirming and account and account.id != as_uuid(change["account_id"]):
        return notice(account, MailKind.ALREADY_REGISTERED)
    email = change["new_email"] if confirming else change["old_email"]
    return MailContent(
        email=email,
        language=Language(change["language"]),
        template=kind.value,
        values={"user": email},
        secret=Secret.EMAIL_CODE if confirming else Secret.REVERTING_CODE,
        owner=as_uuid(change["id"]),
    )


@dataclass(frozen=True, slots=True)
class Recipient:
    """The account or the registration that a mail is for."""

    id: UUID
    email: str
    language: Language
    rfc: str
    active_until: datetime | None
    deletion_due_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Recipient":
        until = row["active_until"] and as_datetime(row["active_until"])
        due_at = row["deletion_due_at"] and as_datetime(row["deletion_due_at"])
        return cls(as_uuid(row["id"]), row["email"], Language(row["language"]), row["rfc"], until, due_at)


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


def confirmation_code(registration: Recipient, *, recovering: bool) -> MailContent:
    """`recovering` is for a person who asked for a password before confirming."""
    return MailContent(
        email=registration.email,
        language=registration.language,
        template="unconfirmed" if recovering else "confirmation",
        values={"user": registration.email, "rfc": registration.rfc},
        secret=Secret.CODE,
        owner=registration.id,
    )


def mailed_password(account: Recipient) -> MailContent:
    return MailContent(
        email=account.email,
        language=account.language,
        template="recovery",
        values={"user": account.email, "rfc": account.rfc},
        secret=Secret.PASSWORD,
        owner=account.id,
    )


def export_link(account: Recipient) -> MailContent:
    return MailContent(
        email=account.email,
        language=account.language,
        template=MailKind.DATA_EXPORT.value,
        values={"user": account.email, "rfc": account.rfc},
        secret=Secret.EXPORT_TOKEN,
        owner=account.id,
    )


def notice(account: Recipient, kind: MailKind) -> MailContent:
    language = account.language
    values = {"user": account.email}
    if kind in {MailKind.RFC_CHANGED, MailKind.ACCOUNT_CONFIRMED}:
        values |= {"rfc": account.rfc}
    if kind in {MailKind.PAYMENT_RECEIVED, MailKind.PAYMENT_REFUNDED} and account.active_until:
        values |= {"rfc": account.rfc, "until": localize_date(language, account.active_until)}
    if kind in BEFORE_DELETION and account.deletion_due_at:
        values |= {"rfc": account.rfc, "deleted_on": localize_date(language, account.deletion_due_at)}
    return MailContent(account.email, language, kind.value, values)


def about_sign_in(account: Recipient, kind: MailKind, facts: SignInFacts) -> MailContent:
    values = {"user": account.email, "signed_in_at": localize_moment(account.language, facts.at)}
    values |= {name: each for name, each in (("browser", facts.browser), ("system", facts.system)) if each}
    if kind is MailKind.SIGN_IN_AFTER_FAILURES:
        values |= {"failures": str(facts.failures)}
    return MailContent(account.email, account.language, kind.value, values)


def to_address(kind: MailKind, address: str, language: str) -> MailContent:
    """For an e-mail that no account has any more, or for the operator."""
    return MailContent(address, Language(language), kind.value, {"user": address})


def _last_mailed(registration: Registration) -> datetime:
    return registration.mailed_at or _NEVER
