"""Matches movements of the bank with payments; some wait for a person's decision.

A movement makes at most one payment, and a payment is made by at most one movement. The first movement with a reference
makes its payment; a further one waits and becomes another payment if a person decides so. The movement of a payment
that was taken back waits, too.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.bank_movement import BankMovement
from models.payment import Payment
from models.transactions import atomically
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.payments import lifecycle, queries
from services.payments.bank.movements import SeenMovement
from services.payments.queries import PaymentStatus, PaymentView

_MAX_BOOKING_DELAY = timedelta(days=5)
"""How much later than its confirmation a bank may date a deposit: a long weekend."""
_MAX_IMPORT_DELAY = timedelta(days=45)
"""How much later a statement without dates may be imported."""


@dataclass(frozen=True, slots=True)
class UndecidedDeposit:
    """A movement, or a payment that was confirmed without one; `taken_back` is the payment that it made before."""

    id: str
    day: date | None
    taken_back: UUID | None


@dataclass(frozen=True, slots=True)
class KnownDeposits:
    """The deposits with one reference: the ids of counted movements, and those that wait, in order of arrival."""

    counted: tuple[str, ...]
    undecided: tuple[UndecidedDeposit, ...]


async def deposits_of(payment: PaymentView) -> KnownDeposits:
    """Returns the deposits with the reference of a payment that is PAID or REFUNDED."""
    rows = await BankMovement.filter(payment_id=payment.id).select_related("counted_as").order_by("seen_at", "id")
    counted = tuple(row.id for row in rows if row.counted_as and row.counted_as.status == PaymentStatus.PAID.value)
    undecided = [UndecidedDeposit(row.id, row.day, row.counted_as_id) for row in rows if row.id not in counted]
    if payment.status is PaymentStatus.REFUNDED and all(row.counted_as_id != payment.id for row in rows):
        undecided.insert(0, UndecidedDeposit(payment.id.hex, None, payment.id))
    return KnownDeposits(counted, tuple(undecided))


async def settle(actor: Actor, payment: PaymentView, movement: SeenMovement, now: datetime) -> bool:
    """Settles the payment of the movement's reference. Returns False if it is already paid."""

    async def remember(counted_as: UUID) -> bool:
        await _create(payment, movement, counted_as, now)
        return True

    return await lifecycle.settle(actor, payment, now, None, extra_write=remember)


async def remember(actor: Actor, payment: PaymentView, movement: SeenMovement, now: datetime) -> None:
    """Stores a movement of a confirmed payment: as the one that was confirmed, or to wait for a decision."""
    try:
        await atomically(partial(_remember, actor, payment, movement, now))
    except IntegrityError:  # somebody else is importing it, too
        return


async def preview(payment: PaymentView, movement: SeenMovement, now: datetime) -> UndecidedDeposit | None:
    """Returns what would wait for a decision if the movement were stored. None if it would count."""
    if not await _is_confirmed_deposit(payment, movement, now):
        return UndecidedDeposit(movement.id, movement.day, None)
    if payment.status is PaymentStatus.REFUNDED:
        return UndecidedDeposit(movement.id, movement.day, payment.id)
    return None


async def count(actor: Actor, payment: PaymentView, deposit: UndecidedDeposit, now: datetime) -> bool:
    """Makes a payment of the deposit, or restores the one that it made. Returns False if that has been done."""
    if deposit.taken_back:
        return await lifecycle.settle_again(actor, await queries.get(deposit.taken_back), now)

    async def claim(counted_as: UUID) -> bool:
        waiting = BankMovement.filter(id=deposit.id, counted_as_id__isnull=True)
        return bool(await waiting.update(counted_as_id=counted_as))

    further = await _further(payment)
    return await lifecycle.settle_another(actor, payment, f"{payment.reference}-{len(further) + 2}", now, claim)


async def last_paid(payment: PaymentView) -> PaymentView | None:
    """Returns the last paid payment with the reference."""
    ids = [payment.id, *await _further(payment)]
    last = await Payment.filter(id__in=ids, status=PaymentStatus.PAID.value).order_by("-paid_at").first()
    return PaymentView.of(last) if last else None


async def _further(payment: PaymentView) -> list[UUID]:
    rows = await BankMovement.filter(payment_id=payment.id)
    return [row.counted_as_id for row in rows if row.counted_as_id and row.counted_as_id != payment.id]


async def _remember(actor: Actor, payment: PaymentView, movement: SeenMovement, now: datetime) -> None:
    await Account.select_for_update().get(id=payment.account_id)
    is_confirmed = await _is_confirmed_deposit(payment, movement, now)
    await _create(payment, movement, payment.id if is_confirmed else None, now)
    detail = "confirmed before" if is_confirmed else "undecided"
    await record(actor, EventKind.DEPOSIT_SEEN, payment.account_id, subject=payment.id, detail=detail)


async def _is_confirmed_deposit(payment: PaymentView, movement: SeenMovement, now: datetime) -> bool:
    """Whether the movement is the confirmed deposit: not if it came long after the confirmation."""
    came = movement.day or (now - _MAX_IMPORT_DELAY).date()
    if payment.paid_at is None or came > (payment.paid_at + _MAX_BOOKING_DELAY).date():
        return False
    return not await BankMovement.exists(counted_as_id=payment.id)


async def _create(payment: PaymentView, movement: SeenMovement, counted_as: UUID | None, now: datetime) -> None:
    row = BankMovement(id=movement.id, payment_id=payment.id, counted_as_id=counted_as, day=movement.day, seen_at=now)
    await BankMovement.bulk_create([row])
