"""Takes a folio and a stamp for an invoice in one transaction, and ends what was reserved.

Transactions lock the account first, so that accounts do not wait for each other, and no refund or release of the same
account comes between. Then they lock the payment or the series, which people change without locking the account.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from models.invoice_reservation import InvoiceReservation
from models.series import Series
from models.sql import as_datetime, fetch, is_sqlite
from models.transactions import atomically
from services.access.records import AccountNotFound
from services.accounts.onboarding import Stage
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.common.clock import Clock
from services.company.series_outcomes import CompanyNotConfigured, SeriesExhausted, SeriesNotFound
from services.events.facts import Details, EventType
from services.events.publishing import publish
from services.invoices.outcomes import (
    AccountNotActive,
    InvoiceAlreadyConfirmed,
    InvoiceAlreadyReleased,
    InvoiceConfirmed,
    InvoiceReleased,
    InvoiceReserved,
    NoStampsLeft,
    RequestIdReused,
    ReservationNotFound,
    ReservationStatus,
    ReservationView,
    UuidInUse,
)
from services.invoices.queries import find
from services.payments import stamps
from services.payments.stamps import StampNotice

# As text: every invoice runs them, and building them would take longer than running them.
_ACCOUNT = "SELECT id, email_key, stage, active_until, company_outdated, stamps_notice FROM account WHERE id = $1"
_OF_REQUEST = """
SELECT id FROM account
WHERE id = (SELECT account_id FROM invoice_reservation WHERE client_id = $1 AND request_id = $2)
"""
_LOCK = " FOR NO KEY UPDATE"  # whoever logs in meanwhile refers to the account, and does not wait
_TAKE_FOLIO = """
UPDATE series SET last_taken = last_taken + 1
WHERE id = $1 AND account_id = $2 AND last_taken < COALESCE(last_folio, 9223372036854775807)
RETURNING name, last_taken
"""
_RETURN_FOLIO = "UPDATE series SET last_taken = last_taken - 1 WHERE id = $1 AND last_taken = $2 RETURNING id"

Reserved = (
    InvoiceReserved
    | AccountNotFound
    | AccountNotActive
    | CompanyNotConfigured
    | NoStampsLeft
    | SeriesExhausted
    | SeriesNotFound
    | RequestIdReused
)
Confirmed = InvoiceConfirmed | ReservationNotFound | InvoiceAlreadyConfirmed | InvoiceAlreadyReleased | UuidInUse
Released = InvoiceReleased | ReservationNotFound | InvoiceAlreadyConfirmed


async def reserve(client_id: UUID, account_id: UUID, series_id: UUID, request_id: UUID, clock: Clock) -> Reserved:
    """Takes a folio and a stamp, or returns what the client reserved with this request id, whatever became of it."""
    work = partial(_reserve, client_id, account_id, series_id, request_id, clock)
    try:
        return await atomically(work)
    except IntegrityError:  # at the same time, the client used the request id for another account
        return await atomically(work)


async def confirm(
    client_id: UUID, request_id: UUID, uuid: UUID, clock: Clock, operator: Actor | None = None
) -> Confirmed:
    """Records the fiscal folio of a stamped invoice. Repeating it is safe. What an operator does is audited."""
    try:
        return await atomically(partial(_confirm, client_id, request_id, uuid, clock, operator))
    except IntegrityError:
        return UuidInUse()


async def release(client_id: UUID, request_id: UUID, clock: Clock, operator: Actor | None = None) -> Released:
    """Gives the stamp back, and the folio too if no later one of the series was taken. Repeating it is safe."""
    return await atomically(partial(_release, client_id, request_id, clock, operator))


async def _reserve(client_id: UUID, account_id: UUID, series_id: UUID, request_id: UUID, clock: Clock) -> Reserved:
    account = await _lock(_ACCOUNT, account_id)
    if account is None:
        return AccountNotFound()
    if known := await find(client_id, request_id):
        same = (known.account_id, known.series_id) == (account_id, series_id)
        return InvoiceReserved(known) if same else RequestIdReused()
    now = clock()
    if account["stage"] != Stage.ACTIVE.value or as_datetime(account["active_until"]) <= now:
        return AccountNotActive()
    if account["company_outdated"]:
        return CompanyNotConfigured()
    good = await stamps.good_stamps(account_id, now)
    payment = next((each for each in good if each.used < each.total), None)
    if payment is None:
        return NoStampsLeft()
    taken = await fetch(_TAKE_FOLIO, str(series_id), str(account_id))
    if not taken:
        known_series = await Series.exists(id=series_id, account_id=account_id)
        return SeriesExhausted() if known_series else SeriesNotFound()
    await stamps.use(payment.payment_id)
    left = stamps.count(good).less_one()
    reservation = await InvoiceReservation.create(
        id=uuid4(),
        client_id=client_id,
        request_id=request_id,
        account_id=account_id,
        series_id=series_id,
        series_name=taken[0]["name"],
        folio=taken[0]["last_taken"],
        payment_id=payment.payment_id,
        stamps_left=left.left,
        reserved_at=now,
        open_since=now,
    )
    last = StampNotice(account["stamps_notice"]) if account["stamps_notice"] else None
    await stamps.notify(account_id, account["email_key"], last, left)
    return InvoiceReserved(ReservationView.of(vars(reservation)))


async def _confirm(client_id: UUID, request_id: UUID, uuid: UUID, clock: Clock, operator: Actor | None) -> Confirmed:
    known = await _lock_reservation(client_id, request_id)
    if known is None:
        return ReservationNotFound()
    match known.status:
        case ReservationStatus.RELEASED:
            return InvoiceAlreadyReleased()
        case ReservationStatus.CONFIRMED if known.uuid:
            return InvoiceConfirmed(known) if known.uuid == uuid else InvoiceAlreadyConfirmed(known.uuid)
    now = clock()
    await _end(known, uuid=uuid, confirmed_at=now)
    details = Details(series_id=known.series_id, request_id=str(request_id), invoice_uuid=uuid)
    await publish(known.account_id, EventType.INVOICE_CONFIRMED, details)
    if operator:
        await record(operator, EventKind.INVOICE_CONFIRMED, known.account_id, subject=known.id)
    return InvoiceConfirmed(replace(known, status=ReservationStatus.CONFIRMED, uuid=uuid, confirmed_at=now))


async def _release(client_id: UUID, request_id: UUID, clock: Clock, operator: Actor | None) -> Released:
    known = await _lock_reservation(client_id, request_id)
    if known is None:
        return ReservationNotFound()
    match known.status:
        case ReservationStatus.RELEASED:
            return InvoiceReleased(known)
        case ReservationStatus.CONFIRMED if known.uuid:
            return InvoiceAlreadyConfirmed(known.uuid)
    returned = await fetch(_RETURN_FOLIO, str(known.series_id), known.folio)
    await stamps.give_back(known.payment_id)
    now, skipped = clock(), not returned
    await _end(known, released_at=now, skipped_folio=known.folio if skipped else None)
    if operator:
        await record(operator, EventKind.INVOICE_RELEASED, known.account_id, subject=known.id)
    return InvoiceReleased(replace(known, status=ReservationStatus.RELEASED, released_at=now, folio_skipped=skipped))


async def _end(known: ReservationView, **columns: Any) -> None:
    await InvoiceReservation.filter(id=known.id).update(open_since=None, **columns)


async def _lock_reservation(client_id: UUID, request_id: UUID) -> ReservationView | None:
    """Locks the account of the reservation until the transaction ends, and reads the reservation after that."""
    account = await _lock(_OF_REQUEST, client_id, request_id)
    return await find(client_id, request_id) if account else None


async def _lock(select: str, *ids: UUID) -> Mapping[str, Any] | None:
    """Locks the row until the transaction ends. On SQLite, every transaction locks the database."""
    rows = await fetch(select if is_sqlite() else select + _LOCK, *map(str, ids))
    return rows[0] if rows else None
