"""The life cycle of payments, whatever their method, and its effect on the account.

A payment is OPEN until its payer pays, and PENDING from just before PayPal is asked to capture the money until the
result is known. PAID and REFUNDED are facts that no other state hides: money that comes late or for a replaced payment
still counts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import structlog

from models.account import Account
from models.payment import Payment
from models.transactions import atomically
from services.accounts.onboarding import (
    Activation,
    Event,
    OnboardingStep,
    PaymentMethod,
    progress_of,
    transition,
)
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.mail.outbox import MailKind, cancel, enqueue
from services.payments import stamps, transitions
from services.payments.activation import update_activation
from services.payments.outcomes import AlreadyActive, DeletionPending, OnboardingIncomplete, PaymentPending
from services.payments.periods import months_after, renewal_time
from services.payments.plans import Plan
from services.payments.queries import ENDED_UNPAID, WAITING, PaymentStatus, PaymentView, is_pending, open_key
from services.payments.stamps import StampNotice

log = structlog.get_logger(__name__)

Opened = PaymentView | OnboardingIncomplete | AlreadyActive | PaymentPending | DeletionPending
ExtraWrite = Callable[[UUID], Awaitable[bool]]
"""Writes more in the transaction that counts the payment with that id; False rolls everything back."""
_OUTDATED = {
    MailKind.PAYMENT_REFUNDED: (MailKind.PAYMENT_RECEIVED,),
    MailKind.PAYMENT_RECEIVED: (MailKind.PAYMENT_DECLINED,),
}
_NOT_TAKEN_BACK = {"refunded_at": None, "refunded_by": None, "undone_at": None, "undone_by": None}
_TAKEN_BACK = {"status": PaymentStatus.REFUNDED.value, "open_key": None, "due_at": None}
_NOT_CLOSED = {"closed_at": None, "closed_by": None}
_UNPAID = [status.value for status in WAITING | ENDED_UNPAID]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a payment is opened: until when it can be paid, when a worker checks it, and its reference, if any.

    A payment that is still open for more than `min_remaining` is returned again; with `extend`, its time restarts.
    """

    expires_at: datetime
    due_at: datetime
    reference: str | None = None
    min_remaining: timedelta = timedelta()
    extend: bool = False


class _UnchangedError(Exception):
    """Another transaction has settled the payment, so this one is rolled back."""


async def open_payment(
    actor: Actor, account_id: UUID, method: PaymentMethod, plan: Plan, terms: Terms, now: datetime
) -> Opened:
    """Returns the account's payment of that method: the open one, if it has this plan and price."""
    payment = Payment(
        id=uuid4(),
        account_id=account_id,
        method=method.value,
        status=PaymentStatus.OPEN.value,
        open_key=open_key(method, account_id),
        plan_id=plan.id,
        subtotal=plan.subtotal.amount,
        tax=plan.tax.amount,
        currency=plan.subtotal.currency,
        stamps=plan.stamps,
        period_months=plan.period_months,
        created_at=now,
        expires_at=terms.expires_at,
        due_at=terms.due_at,
        reference=terms.reference,
    )
    return await atomically(partial(_open, actor, payment, terms, now))


async def settle(
    actor: Actor,
    payment: PaymentView,
    now: datetime,
    check_at: datetime | None,
    capture_id: str | None = None,
    extra_write: ExtraWrite | None = None,
) -> bool:
    """Records that the money arrived, activates the account and enqueues the mail. Returns False if that was known.

    At `check_at`, a worker checks whether it went back.
    """
    paid = {
        "status": PaymentStatus.PAID.value,
        "open_key": None,
        "paid_at": now,
        "paid_by": actor.name,
        "paypal_capture_id": capture_id,
        "due_at": check_at,
        **_NOT_CLOSED,
    }
    mark = partial(_mark_paid, payment, _UNPAID, paid)
    count = partial(_settle, actor, EventKind.PAYMENT_PAID, mark, extra_write, now)
    return await _change(payment, MailKind.PAYMENT_RECEIVED, count)


async def settle_again(
    actor: Actor, payment: PaymentView, now: datetime, extra_write: ExtraWrite | None = None
) -> bool:
    """Takes back a refund that was recorded by mistake, with the same mail. Returns False if there is none.

    The account gets the same period again or, if that is over, as much from now on.
    """
    before = payment.paid_at
    paid_at = before if before and months_after(before, payment.period_months) > now else now
    paid = {"status": PaymentStatus.PAID.value, "paid_at": paid_at, "paid_by": actor.name, **_NOT_TAKEN_BACK}
    mark = partial(_mark_paid, payment, [PaymentStatus.REFUNDED.value], paid)
    count = partial(_settle, actor, EventKind.DEPOSIT_RESTORED, mark, extra_write, now)
    return await _change(payment, MailKind.PAYMENT_RECEIVED, count)


async def settle_another(
    actor: Actor, payment: PaymentView, reference: str, now: datetime, extra_write: ExtraWrite
) -> bool:
    """Records a second payment of the same amount, under that `reference`, with the same mail.

    Returns False if the payment has changed since it was read, or if another one has the reference.
    """
    mark = partial(_add_paid, actor, payment, reference, now)
    count = partial(_settle, actor, EventKind.PAYMENT_PAID, mark, extra_write, now)
    return await _change(payment, MailKind.PAYMENT_RECEIVED, count)


async def refund(actor: Actor, payment: PaymentView, now: datetime, capture_id: str | None = None) -> bool:
    """Records that the money went back, takes its period and stamps off the account and enqueues the mail.

    Returns False if that was known, or if the account never had that period.
    """
    refunded = {**_TAKEN_BACK, "refunded_at": now, "refunded_by": actor.name}

    async def refund_unpaid() -> bool:
        unpaid = Payment.filter(id=payment.id, status__in=_UNPAID)
        if not await unpaid.update(**refunded, **_NOT_CLOSED, paypal_capture_id=capture_id):
            return False
        await _record(actor, EventKind.PAYMENT_REFUNDED, payment, "before it counted")
        return True

    if await atomically(refund_unpaid):
        log.warning("payment went back before it counted", payment=str(payment.id))
        return False
    take_back = partial(_take_back, actor, EventKind.PAYMENT_REFUNDED, payment, refunded, now)
    return await _change(payment, MailKind.PAYMENT_REFUNDED, take_back)


async def cancel_open(actor: Actor, account_id: UUID, now: datetime) -> bool:
    """Ends what can still be paid, in the caller's transaction, which has locked the account.

    Returns False if PayPal has been asked for money meanwhile.
    """
    for payment in map(PaymentView.of, await Payment.filter(account_id=account_id, status=PaymentStatus.OPEN.value)):
        if not await transitions.end(actor, payment, PaymentStatus.CANCELED, now):
            return False
        if payment.method is PaymentMethod.BANK_DEPOSIT:
            await _record(actor, EventKind.DEPOSIT_CANCELED, payment)
    return True


async def undo(actor: Actor, payment: PaymentView, now: datetime) -> bool:
    """Takes back a deposit that was confirmed by mistake or did not clear, like `refund`."""
    undone = {**_TAKEN_BACK, "undone_at": now, "undone_by": actor.name}
    take_back = partial(_take_back, actor, EventKind.DEPOSIT_UNDONE, payment, undone, now)
    return await _change(payment, MailKind.PAYMENT_REFUNDED, take_back)


async def decline(actor: Actor, payment: PaymentView, status: PaymentStatus, now: datetime) -> bool:
    """Ends a pending payment, whose payer was asked to wait, and enqueues the mail that says it failed."""

    async def end(_: Account) -> None:
        if not await transitions.end(actor, payment, status, now):
            raise _UnchangedError

    return await _change(payment, MailKind.PAYMENT_DECLINED, end)


async def refuse(payment: PaymentView, due_at: datetime) -> bool:
    """Lets the payer, who was asked to wait, retry; a mail says that PayPal declined."""

    async def reopen(_: Account) -> None:
        if not await transitions.return_to_open(payment, due_at, declined=True):
            raise _UnchangedError

    return await _change(payment, MailKind.PAYMENT_DECLINED, reopen)


def is_covered(activation: Activation | None, months: int, now: datetime) -> bool:
    """Whether it is too early to renew for so many months."""
    if activation is None or not activation.active or activation.few_stamps:
        return False
    return activation.until - now > renewal_time(months)


async def _open(actor: Actor, payment: Payment, terms: Terms, now: datetime) -> Opened:
    account = await Account.select_for_update().get(id=payment.account_id)
    if account.deletion_due_at:
        return DeletionPending(account.deletion_due_at)
    at = progress_of(account, now)
    if at.current_step is OnboardingStep.CONFIGURE_COMPANY:
        return OnboardingIncomplete(OnboardingStep.CONFIGURE_COMPANY)
    if at.activation and is_covered(at.activation, payment.period_months, now):
        return AlreadyActive(at.activation, account.id)
    known = await Payment.get_or_none(open_key=payment.open_key)
    if await is_pending(account.id):  # after the payment is read: of one that turns pending later, the turn is another
        return PaymentPending()
    if known and known.expires_at - now > terms.min_remaining and _same(known, payment):
        if not terms.extend:
            return PaymentView.of(known)
        if extended := await transitions.extend(PaymentView.of(known), terms.expires_at, terms.due_at):
            return extended
    elif known and not await transitions.end(actor, PaymentView.of(known), PaymentStatus.REPLACED, now):
        return PaymentPending()
    await Payment.bulk_create([payment])
    opened = PaymentView.of(payment)
    deposit = opened.method is PaymentMethod.BANK_DEPOSIT
    await _record(actor, EventKind.DEPOSIT_REQUESTED if deposit else EventKind.PAYMENT_BEGUN, opened, opened.plan_id)
    return opened


def _same(known: Payment, wanted: Payment) -> bool:
    terms = ("plan_id", "subtotal", "tax", "currency", "stamps", "period_months")
    return all(getattr(known, term) == getattr(wanted, term) for term in terms)


async def _change(payment: PaymentView, kind: MailKind, work: Callable[[Account], Awaitable[None]]) -> bool:
    account = await Account.get(id=payment.account_id)

    async def change() -> None:
        await cancel(_OUTDATED.get(kind, ()), account.email_key)
        await enqueue(kind, account.email_key)
        await work(await Account.select_for_update().get(id=account.id))

    try:
        await atomically(change)
    except _UnchangedError:
        return False
    return True


async def _settle(
    actor: Actor,
    kind: EventKind,
    mark: Callable[[], Awaitable[UUID]],
    extra_write: ExtraWrite | None,
    now: datetime,
    account: Account,
) -> None:
    marked = await mark()
    if extra_write and not await extra_write(marked):
        raise _UnchangedError
    for other in await Payment.filter(account_id=account.id, status=PaymentStatus.OPEN.value):
        await transitions.end(actor, PaymentView.of(other), PaymentStatus.REPLACED, now)
    account.stage = transition(progress_of(account, now).stage, Event.PAID).value
    if account.stamps_notice:
        account.stamps_notice = None
        await stamps.cancel_notices(account.email_key)
    await update_activation(account, now)
    await record(actor, kind, account.id, subject=marked)


async def _mark_paid(payment: PaymentView, of: list[str], paid: dict[str, Any]) -> UUID:
    if not await Payment.filter(id=payment.id, status__in=of).update(**paid):
        raise _UnchangedError
    return payment.id


async def _add_paid(actor: Actor, payment: PaymentView, reference: str, now: datetime) -> UUID:
    first = await Payment.get(id=payment.id)
    if first.status != payment.status.value or await Payment.exists(reference=reference):
        raise _UnchangedError
    another = first.clone(pk=uuid4())
    another.status, another.reference = PaymentStatus.PAID.value, reference
    another.created_at = another.expires_at = another.paid_at = now
    another.paid_by, another.stamps_used = actor.name, 0
    another.update_from_dict(_NOT_TAKEN_BACK)
    await Payment.bulk_create([another])
    return another.id


async def _take_back(
    actor: Actor, kind: EventKind, payment: PaymentView, changes: dict[str, Any], now: datetime, account: Account
) -> None:
    if not await Payment.filter(id=payment.id, status=PaymentStatus.PAID.value).update(**changes):
        raise _UnchangedError
    if await update_activation(account, now):
        last = StampNotice(account.stamps_notice) if account.stamps_notice else None
        good = await stamps.good_stamps(account.id, now)
        await stamps.notify(account.id, account.email_key, last, stamps.count(good))
    await _record(actor, kind, payment)


async def _record(actor: Actor, kind: EventKind, payment: PaymentView, detail: str | None = None) -> None:
    await record(actor, kind, payment.account_id, subject=payment.id, detail=detail)
