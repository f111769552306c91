"""Everything that is kept about a person, for the right of access (LFPDPPP, the A of ARCO).

Digests, hashes and keys are left out, which say nothing about a person and could open the account. So is what is about
others: the names of employees, and the payments of other accounts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, fields
from ipaddress import ip_address
from typing import IO, Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.account import Account
from models.audit_event import AuditEvent
from models.bank_movement import BankMovement
from models.company import Company
from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.email_change import EmailChange
from models.event import Event
from models.export_link import ExportLink
from models.invoice_reservation import InvoiceReservation
from models.mailed_password import MailedPassword
from models.passkey import Passkey
from models.payment import Payment
from models.privacy_acceptance import PrivacyAcceptance
from models.registration import Registration
from models.remembered_device import RememberedDevice
from models.series import Series
from models.session import Session
from models.totp_factor import TotpFactor
from services.accounts.lockout import Failures, LoginLockout
from services.audit.actors import COMMAND, Actors
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits, Usage
from services.common.translations import Language, Translations
from services.support import limit_subjects
from services.support.archive import JSON_NAME, Archive, csv_name

_LEFT_OUT = frozenset(
    {
        *("digest", "password_hash", "password_generation", "pending_key", "open_key", "lease", "key", "public_key"),
        "counted_as_id",  # perhaps the payment of another account
    }
)
_ACTORS = ("actor", "paid_by", "refunded_by", "undone_by", "closed_by")
_READMES = {Language.ES: "LEEME.txt", Language.EN: "README.txt"}
BATCH_SIZE = 1000
"""How many rows are in memory at once."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is: an e-mail's and, if it has one, its account's."""

    email_key: str
    account_id: UUID | None


Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the export. `read` yields its rows in batches, each of which is consistent in itself."""

    columns: Sequence[str]
    read: Callable[[Subject], AsyncIterator[Rows]]


class PersonalData:
    """To add a section, add its name to `_sections`, and what it is to the texts `export.section.NAME`."""

    def __init__(
        self,
        limiter: Limiter,
        limits: Limits,
        lockout: LoginLockout,
        actors: Actors,
        translations: Translations,
        clock: Clock = utc_now,
    ) -> None:
        self._limiter = limiter
        self._limits = limits
        self._lockout = lockout
        self._actors = actors
        self._translations = translations
        self._clock = clock
        self._sections = {
            "account": Section((*_columns(Account), "password"), _account),
            "registrations": _of_email(Registration, "created_at", "id"),
            "confirmation_codes": _section(
                ConfirmationCode,
                lambda subject: ConfirmationCode.filter(registration__email_key=subject.email_key),
                *("expires_at", "digest"),
            ),
            "privacy_notices": _of_account(PrivacyAcceptance, "accepted_at", "id"),
            "mailed_passwords": _of_account(MailedPassword, "expires_at", "digest"),
            "export_links": _of_account(ExportLink, "expires_at", "digest"),
            "sessions": _of_account(Session, "created_at", "id"),
            "networks": Section(("network", "last_seen_at"), self._networks),
            "devices": Section(("browser", "system", "last_seen_at"), self._devices),
            "email_changes": _of_account(EmailChange, "requested_at", "id"),
            "second_factors": _of_account(TotpFactor, "created_at", "id"),
            "remembered_devices": _of_account(RememberedDevice, "created_at", "id"),
            "passkeys": _of_account(Passkey, "created_at", "id"),
            "company": _of_account(Company, "id"),
            "series": _of_account(Series, "created_at", "id"),
            "payments": _of_account(Payment, "created_at", "id"),
            "invoice_reservations": _of_account(InvoiceReservation, "reserved_at", "id"),
            "bank_movements": _section(
                BankMovement,
                lambda subject: BankMovement.filter(payment__account_id=subject.account_id),
                *("seen_at", "id"),
            ),
            "mails": _of_email(Delivery, "requested_at", "id"),
            "failed_logins": Section(_names(Failures), self._failures),
            "limits": Section(_names(Usage), self._counted),
            "audit_events": _section(AuditEvent, self._audit_events, "at", "id"),
            "events": _of_account(Event, "id"),
        }

    @property
    def sections(self) -> Sequence[str]:
        return tuple(self._sections)

    async def subject(self, email_key: str) -> Subject | None:
        """Returns None if the e-mail has neither an account nor a registration."""
        account = await Account.get_or_none(email_key=email_key).only("id")
        if account is None and not await Registration.exists(email_key=email_key):
            return None
        return Subject(email_key, account.id if account else None)

    async def write(self, subject: Subject, file: IO[bytes]) -> dict[str, int]:
        """Writes a zip of a JSON, a CSV for each section, and what they are. Returns how many rows each section has.

        Takes memory for one batch. Records nothing: whoever hands the file out does so.
        """
        counts = dict.fromkeys(self._sections, 0)
        with Archive(file, self._clock()) as archive:
            for name, section in self._sections.items():
                await asyncio.to_thread(archive.begin, name, section.columns)
                async for rows in section.read(subject):
                    counts[name] += len(rows)
                    await asyncio.to_thread(archive.add, rows)
                await asyncio.to_thread(archive.end)
            readmes = {name: self._readme(language) for language, name in _READMES.items()}
            await asyncio.to_thread(archive.finish, readmes)
        return counts

    def _readme(self, language: Language) -> str:
        described = {JSON_NAME: self._translations.format(language, "export.json")}
        for name in self._sections:
            described[csv_name(name)] = self._translations.format(language, f"export.section.{name}")
        files = "\r\n".join(f"{name}: {text}" for name, text in described.items())
        about = self._translations.format(language, "export.readme", {"day": self._clock()})
        return f"{about}\r\n\r\n{files}\r\n"

    def _audit_events(self, subject: Subject) -> QuerySet[AuditEvent]:
        """Those of the account, and those that name only the e-mail; another account may have had it before."""
        nobodys = Q(account_id__isnull=True, email=self._actors.email(subject.email_key))
        return AuditEvent.filter(nobodys | Q(account_id=subject.account_id) if subject.account_id else nobodys)

    async def _networks(self, subject: Subject) -> AsyncIterator[Rows]:
        """Those of the sessions: of any other network only a keyed digest is kept."""
        sessions = await Session.filter(account_id=subject.account_id, ip_address__isnull=False)
        addresses = [ip_address(str(session.ip_address)) for session in sessions]
        known = await self._lockout.known_among(subject.email_key, addresses)
        yield [{"network": network, "last_seen_at": seen} for network, seen in known.items()]

    async def _devices(self, subject: Subject) -> AsyncIterator[Rows]:
        known = await self._lockout.known_devices(subject.email_key)
        yield [{**asdict(device), "last_seen_at": seen} for device, seen in known.items()]

    async def _failures(self, subject: Subject) -> AsyncIterator[Rows]:
        yield [asdict(await self._lockout.failures(subject.email_key))]

    async def _counted(self, subject: Subject) -> AsyncIterator[Rows]:
        counted = limit_subjects.of_email(self._limits, subject.email_key)
        counted += limit_subjects.counted_by(self._limits, str(subject.account_id)) or [] if subject.account_id else []
        yield [asdict(each) for each in await limit_subjects.usage(self._limiter, counted)]


async def _account(subject: Subject) -> AsyncIterator[Rows]:
    """With whether it has a password, instead of its hash."""
    columns = _columns(Account)
    found = await Account.filter(id=subject.account_id).values("password_hash", *columns)
    yield [{**row, "password": row["password_hash"] is not None} for row in found]


def _of_account(model: type[Model], *order: str) -> Section:
    return _section(model, lambda subject: model.filter(account_id=subject.account_id), *order)


def _of_email(model: type[Model], *order: str) -> Section:
    return _section(model, lambda subject: model.filter(email_key=subject.email_key), *order)


def _section(model: type[Model], find: Callable[[Subject], QuerySet[Any]], *order: str) -> Section:
    """`order` are columns that are never null, of which the last one is unique."""
    columns = _columns(model)

    async def read(subject: Subject) -> AsyncIterator[Rows]:
        found = find(subject).order_by(*order)
        rest = found
        while True:
            rows: Rows = await rest.limit(BATCH_SIZE).values(*{*columns, *order})
            yield [_without_names(row) for row in rows]
            if len(rows) < BATCH_SIZE:
                return
            rest = found.filter(_after(rows[-1], order))

    return Section(columns, read)


def _after(row: dict[str, Any], order: Sequence[str]) -> Q:
    """What comes after the row, by one column, or by one of which the next decides among equals."""
    first, *more = order
    if not more:
        return Q(**{f"{first}__gt": row[first]})
    return Q(Q(**{f"{first}__gte": row[first]}), Q(**{f"{first}__gt": row[first]}) | _after(row, more))


def _without_names(row: dict[str, Any]) -> dict[str, Any]:
    """An employee's name is nobody's business but the operator's."""
    names = {name: "operator" for name in _ACTORS if str(row.get(name)).startswith(COMMAND)}
    return {**row, **names}


def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(name for name in model._meta.fields_db_projection.values() if name not in _LEFT_OUT)


def _names(row: type[Failures | Usage]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row))
