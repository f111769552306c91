"""Deletes a person's data on request, and keeps apart what tax law does not let us delete.

docs/decisions/0044-deletion.md says what is kept, for how long, and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from uuid import UUID

from models.account import Account
from models.bank_movement import BankMovement
from models.company import Company
from models.delivery import Delivery
from models.email_change import EmailChange
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.registration import Registration
from models.retained_payment import RetainedPayment
from models.session import Session
from models.transactions import atomically
from services.accounts.lockout import LoginLockout
from services.audit.actors import WORKER, Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Address
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.events.facts import EventType
from services.events.publishing import publish
from services.mail.outbox import MailKind, enqueue_to_address
from services.payments.queries import PaymentStatus
from services.payments.stamps import cancel_notices
from services.support.changes import NobodyFound
from services.support.limit_subjects import counted_by, of_email

_BATCH_SIZE = 1000
_YEARS = 5  # Código Fiscal de la Federación, art. 30
_RETURN_DUE = (5, 1)  # the day after which no annual return of the year before is due: 30 April, art. 150 LISR
_MOVED = ("paid_at", "refunded_at", "undone_at")
_COPIED = (
    *("id", "method", "status", "plan_id", "subtotal", "tax", "currency", "created_at", *_MOVED),
    *("paid_by", "refunded_by", "undone_by", "reference", "paypal_order_id", "paypal_capture_id"),
)


@dataclass(frozen=True, slots=True)
class PaymentUndecided:
    """PayPal was asked for money and has not answered, or a deposit that arrived waits for an operator's decision."""

    payments: list[UUID]


@dataclass(frozen=True, slots=True)
class InvoicesOpen:
    """Invoices are reserved, and a provider may be stamping them: these reservations are to be ended first."""

    reservations: list[UUID]


Undecided = PaymentUndecided | InvoicesOpen


@dataclass(frozen=True, slots=True)
class Deleted:
    """`voided` are references of deposits that were awaited: money that still comes with them has no account."""

    accounts: int
    registrations: int
    retained: int
    retained_until: datetime | None
    voided: list[str]


class _RefusedError(Exception):
    """Something is undecided or has changed, so everything is rolled back."""

    def __init__(self, refusal: Undecided | NobodyFound) -> None:
        super().__init__("the deletion is refused")
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionService:
    limiter: Limiter
    limits: Limits
    lockout: LoginLockout
    actors: Actors
    clock: Clock = utc_now

    async def delete(self, actor: Actor, email_key: str) -> Deleted | Undecided | NobodyFound:
        """Deletes the account and the registrations of an e-mail, and mails a last notice. Open payments end."""
        account = await Account.get_or_none(email_key=email_key)
        registration = await Registration.filter(email_key=email_key).first()
        person = account or registration
        return await self._delete_person(actor, person, account) if person else NobodyFound()

    async def delete_due(self, account_id: UUID) -> Deleted | Undecided | NobodyFound:
        """Deletes an account whose owner asked for it and has had the time to think; any other one is not found.

        Several workers may call it at once.
        """
        account = await Account.get_or_none(id=account_id)
        if account is None or not self._is_due(account):
            return NobodyFound()
        return await self._delete_person(WORKER, account, account, only_if_due=True)

    async def _delete_person(
        self, actor: Actor, person: Account | Registration, account: Account | None, *, only_if_due: bool = False
    ) -> Deleted | Undecided | NobodyFound:
        email_key = person.email_key
        due = account.id if account and only_if_due else None
        try:
            deleted = await atomically(partial(self._delete, actor, email_key, person.email, person.language, due))
        except _RefusedError as error:
            return error.refusal
        ids = counted_by(self.limits, str(account.id)) if account else None
        for limit, subject in (*of_email(self.limits, email_key), *(ids or ())):
            await self.limiter.clear(limit, subject)
        return deleted

    async def _delete(self, actor: Actor, email_key: str, email: str, language: str, due: UUID | None) -> Deleted:
        """With `due`, raises _RefusedError unless the e-mail still has that account, whose deletion is due."""
        await Delivery.filter(email_key=email_key).delete()
        for change in await EmailChange.filter(account__email_key=email_key):
            keys = [change.old_email.lower(), change.new_email.lower()]
            await Delivery.filter(email_key__in=keys, email_change_id=change.id).delete()
        await enqueue_to_address(MailKind.ACCOUNT_DELETED, email, language)
        registrations = await Registration.filter(email_key=email_key).delete()
        account = await Account.filter(email_key=email_key).select_for_update().get_or_none()
        if due and not (account and account.id == due and self._is_due(account)):
            raise _RefusedError(NobodyFound())
        retained: list[RetainedPayment] = []
        voided: list[str] = []
        if account:
            await cancel_notices(email_key)  # those that an invoice has enqueued since, with the account locked
            payments = await lock_decided_payments(account.id)
            if not isinstance(payments, list):
                raise _RefusedError(payments)
            await _delete_reservations(account)
            retained, voided = await self._delete_payments(account, payments)
            addresses = await Session.filter(account_id=account.id).values_list("ip_address", flat=True)
            await self.lockout.forget(email_key, _parsed(addresses))
            await publish(account.id, EventType.ACCOUNT_DELETED)
            await account.delete()  # with its sessions, codes, mailed passwords, company and series
        await self.lockout.reset(email_key)
        email_name = self.actors.email(email_key)
        await record(actor, EventKind.ACCOUNT_DELETED, account.id if account else None, email=email_name)
        until = max((each.retained_until for each in retained), default=None)
        return Deleted(int(account is not None), registrations, len(retained), until, voided)

    def _is_due(self, account: Account) -> bool:
        return account.deletion_due_at is not None and account.deletion_due_at <= self.clock()

    async def _delete_payments(
        self, account: Account, payments: list[Payment]
    ) -> tuple[list[RetainedPayment], list[str]]:
        ids = [payment.id for payment in payments]
        company = await Company.get_or_none(account_id=account.id)
        retained = [self._retained(each, moved_at, account, company) for each in payments if (moved_at := _moved(each))]
        await RetainedPayment.bulk_create(retained)
        await BankMovement.filter(payment_id__in=ids).delete()
        await Payment.filter(id__in=ids).delete()
        waiting = [each.reference for each in payments if each.status == PaymentStatus.OPEN.value and each.reference]
        return retained, waiting

    def _retained(
        self, payment: Payment, moved_at: datetime, account: Account, company: Company | None
    ) -> RetainedPayment:
        return RetainedPayment(
            **{column: getattr(payment, column) for column in _COPIED},
            rfc=account.rfc,
            legal_name=company.legal_name if company else None,
            tax_regime=company.tax_regime if company else None,
            postal_code=company.postal_code if company else None,
            deleted_at=self.clock(),
            retained_until=retained_until(moved_at),
        )


async def lock_decided_payments(account_id: UUID) -> list[Payment] | Undecided:
    """Locks and returns the payments of an account that the transaction has locked, or says what is undecided."""
    still_open = InvoiceReservation.filter(account_id=account_id, open_since__isnull=False).order_by("open_since")
    if reserved := await still_open:
        return InvoicesOpen([each.id for each in reserved])
    payments = await Payment.filter(account_id=account_id).order_by("id").select_for_update()
    unseen = BankMovement.filter(payment_id__in=[payment.id for payment in payments], counted_as_id=None)
    undecided = [movement.payment_id for movement in await unseen.order_by("id")]
    pending = [payment.id for payment in payments if payment.status == PaymentStatus.PENDING.value]
    return PaymentUndecided([*pending, *undecided]) if pending or undecided else payments


async def _delete_reservations(account: Account) -> None:
    """Deletes them in batches: an account may have more than one statement has time for."""
    reserved = InvoiceReservation.filter(account_id=account.id)
    while batch := await reserved.limit(_BATCH_SIZE).values_list("id", flat=True):
        await InvoiceReservation.filter(id__in=batch).delete()


def retained_until(moved_at: datetime) -> datetime:
    """Returns the end of the five years after the last day on which the return of the money's year is due."""
    return datetime(moved_at.year + 1 + _YEARS, *_RETURN_DUE, 6, tzinfo=UTC)  # midnight in Mexico City


def _moved(payment: Payment) -> datetime | None:
    """Returns when money last moved, or None if it never did."""
    return max(filter(None, (getattr(payment, column) for column in _MOVED)), default=None)


def _parsed(addresses: Iterable[object]) -> list[Address]:
    return [ip_address(str(address)) for address in addresses if address]
