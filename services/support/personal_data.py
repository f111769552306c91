"""Everything that is kept about a person, for the right of access (LFPDPPP, the A of ARCO).

Digests, hashes and keys are left out: they say nothing about a person and could open the account.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.models import Model

from models.account import Account
from models.audit_event import AuditEvent
from models.bank_movement import BankMovement
from models.company import Company
from models.confirmation_code import ConfirmationCode
from models.delivery import Delivery
from models.email_change import EmailChange
from models.event import Event
from models.invoice_reservation import InvoiceReservation
from models.mailed_password import MailedPassword
from models.payment import Payment
from models.privacy_acceptance import PrivacyAcceptance
from models.registration import Registration
from models.series import Series
from models.session import Session
from models.totp_factor import TotpFactor
from services.accounts.lockout import LoginLockout
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.limits import Limiter, Limits
from services.support import limit_subjects

_SECRET = frozenset({"digest", "password_hash", "password_generation", "pending_key", "open_key", "lease", "key"})

Rows = list[dict[str, Any]]
Section = Callable[[str, UUID | None], Awaitable[Rows]]
"""Reads what is kept of an e-mail and, if it has one, of its account."""


class PersonalData:
    """To add a section, add its name and its function to `_sections`."""

    def __init__(self, limiter: Limiter, limits: Limits, lockout: LoginLockout, actors: Actors) -> None:
        self._limiter = limiter
        self._limits = limits
        self._lockout = lockout
        self._actors = actors
        self._sections: dict[str, Section] = {
            "account": _account,
            "registrations": _registrations,
            "confirmation_codes": _codes,
            "privacy_notices": _privacy_notices,
            "mailed_passwords": _mailed_passwords,
            "sessions": _sessions,
            "networks": self._networks,
            "devices": self._devices,
            "email_changes": _email_changes,
            "second_factors": _second_factors,
            "company": _company,
            "series": _series,
            "payments": _payments,
            "invoice_reservations": _reservations,
            "bank_movements": _movements,
            "mails": _mails,
            "failed_logins": self._failures,
            "limits": self._counted,
            "audit_events": self._audit_events,
            "events": _events,
        }

    async def of(self, actor: Actor, email_key: str) -> dict[str, Rows] | None:
        """Returns a list for each section. None if the e-mail has neither an account nor a registration."""
        account = await Account.get_or_none(email_key=email_key)
        if account is None and not await Registration.exists(email_key=email_key):
            return None
        account_id = account.id if account else None
        await record(actor, EventKind.DATA_EXPORTED, account_id, email=self._actors.email(email_key))
        return {name: await read(email_key, account_id) for name, read in self._sections.items()}

    async def _networks(self, email_key: str, account_id: UUID | None) -> Rows:
        """Those of the sessions: of any other network only a keyed digest is kept."""
        sessions = await Session.filter(account_id=account_id, ip_address__isnull=False)
        addresses = [ip_address(str(session.ip_address)) for session in sessions]
        known = await self._lockout.known_among(email_key, addresses)
        return [{"network": network, "last_seen_at": seen} for network, seen in known.items()]

    async def _devices(self, email_key: str, _: UUID | None) -> Rows:
        known = await self._lockout.known_devices(email_key)
        return [{**asdict(device), "last_seen_at": seen} for device, seen in known.items()]

    async def _audit_events(self, email_key: str, account_id: UUID | None) -> Rows:
        of_account = Q(account_id=account_id) if account_id else Q()
        events = AuditEvent.filter(Q(email=self._actors.email(email_key)) | of_account).order_by("at")
        return [_row(each) for each in await events]

    async def _failures(self, email_key: str, _: UUID | None) -> Rows:
        return [asdict(await self._lockout.failures(email_key))]

    async def _counted(self, email_key: str, account_id: UUID | None) -> Rows:
        counted = limit_subjects.of_email(self._limits, email_key)
        counted += limit_subjects.counted_by(self._limits, str(account_id)) or [] if account_id else []
        return [asdict(each) for each in await limit_subjects.usage(self._limiter, counted)]


async def _account(email_key: str, _: UUID | None) -> Rows:
    account = await Account.get_or_none(email_key=email_key)
    return [{**_row(account), "password": account.password_hash is not None}] if account else []


async def _registrations(email_key: str, _: UUID | None) -> Rows:
    return [_row(each) for each in await Registration.filter(email_key=email_key).order_by("created_at")]


async def _codes(email_key: str, _: UUID | None) -> Rows:
    return [_row(each) for each in await ConfirmationCode.filter(registration__email_key=email_key)]


async def _privacy_notices(_: str, account_id: UUID | None) -> Rows:
    accepted = PrivacyAcceptance.filter(account_id=account_id).order_by("accepted_at")
    return [_row(each) for each in await accepted]


async def _mailed_passwords(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await MailedPassword.filter(account_id=account_id)]


async def _sessions(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await Session.filter(account_id=account_id).order_by("created_at")]


async def _email_changes(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await EmailChange.filter(account_id=account_id).order_by("requested_at")]


async def _second_factors(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await TotpFactor.filter(account_id=account_id)]


async def _company(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await Company.filter(account_id=account_id)]


async def _series(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await Series.filter(account_id=account_id).order_by("created_at")]


async def _payments(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await Payment.filter(account_id=account_id).order_by("created_at")]


async def _reservations(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await InvoiceReservation.filter(account_id=account_id).order_by("reserved_at")]


async def _movements(_: str, account_id: UUID | None) -> Rows:
    movements = await BankMovement.filter(payment__account_id=account_id).order_by("seen_at")
    return [_row(each) for each in movements]


async def _mails(email_key: str, _: UUID | None) -> Rows:
    return [_row(each) for each in await Delivery.filter(email_key=email_key).order_by("requested_at")]


async def _events(_: str, account_id: UUID | None) -> Rows:
    return [_row(each) for each in await Event.filter(account_id=account_id).order_by("id")]


def _row(model: Model) -> dict[str, Any]:
    columns = [name for name in model._meta.db_fields if name not in _SECRET]
    return {name: _plain(getattr(model, name)) for name in columns}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
