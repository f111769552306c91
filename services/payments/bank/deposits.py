"""Bank deposits: a reference to pay with, and the operator's confirmation that the money arrived."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.payment import Payment
from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from services.accounts.onboarding import PaymentMethod
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.limits import Limiter, Limits
from services.common.money import Money
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts
from services.payments import lifecycle, queries, transitions
from services.payments.bank import matching
from services.payments.bank.account import BankAccount
from services.payments.bank.movements import SeenMovement
from services.payments.bank.outcomes import (
    ConfirmOutcome,
    DepositCanceled,
    DepositClosed,
    DepositConfirmed,
    DepositDiffers,
    DepositInstructions,
    DepositKnown,
    DepositRequested,
    DepositsUndecided,
    DepositUnknown,
)
from services.payments.bank.reference import generate_reference, parse_reference
from services.payments.lifecycle import Terms
from services.payments.outcomes import (
    AlreadyActive,
    DeletionPending,
    OnboardingIncomplete,
    PaymentMethodUnavailable,
    PaymentNotFound,
    PaymentPending,
    PlanNotFound,
)
from services.payments.plans import Plan, Plans
from services.payments.queries import PaymentStatus, PaymentView

_CHUNK_SIZE = 500
GRACE = timedelta(days=3)
"""How much longer than stated a reference is valid: banks take days, and statements are read later."""
_ATTEMPTS = 10
# As text: apps read it with every account.
_SELECT_OPEN = """
SELECT id, plan_id, reference, subtotal, tax, currency, created_at, expires_at FROM payment WHERE open_key = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositService:
    """Without an `account`, this payment method is unavailable; earlier references can still be confirmed."""

    account: BankAccount | None
    plans: Plans
    sessions: SessionService
    limiter: Limiter
    limits: Limits
    life: timedelta
    actors: Actors
    clock: Clock = utc_now

    async def request(
        self, caller: Caller, plan_id: str
    ) -> (
        DepositRequested
        | PlanNotFound
        | PaymentMethodUnavailable
        | OnboardingIncomplete
        | AlreadyActive
        | DeletionPending
        | PaymentPending
        | RestrictedSession
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Returns the same reference each time and restarts its days, until it expires or another plan is requested."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        if self.account is None:
            return PaymentMethodUnavailable()
        plan = self.plans.get(plan_id)
        if plan is None:
            return PlanNotFound()
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.payment, str(principal.id)):
                return throttled
            opened = await self._open(self.actors.of(caller), principal.id, plan)
        if not isinstance(opened, PaymentView):
            return opened
        return DepositRequested(principal, _instructions(opened, self.account))

    async def open_for(self, principal: Principal) -> DepositInstructions | None:
        """Returns the deposit that the account requested and that has not arrived; None for a restricted session."""
        if self.account is None or principal.restricted:
            return None
        rows = await fetch(_SELECT_OPEN, queries.open_key(PaymentMethod.BANK_DEPOSIT, principal.id))
        if not rows or as_datetime(rows[0]["expires_at"]) <= self.clock():
            return None
        return _instructions_in(rows[0], self.account)

    async def cancel(
        self, caller: Caller, id: str
    ) -> DepositCanceled | PaymentNotFound | RestrictedSession | NotAuthenticated:
        """Voids the reference of a deposit that has not arrived. Repeating it is safe."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        payment_id = parse_id(id)
        own = Payment.filter(id=payment_id, account_id=principal.id, method=PaymentMethod.BANK_DEPOSIT.value)
        for _ in range(_ATTEMPTS):
            payment = await own.get_or_none() if payment_id else None
            if payment and payment.status == PaymentStatus.CANCELED.value:
                return DepositCanceled(principal)
            if payment is None or payment.status != PaymentStatus.OPEN.value:
                return PaymentNotFound()
            if await atomically(partial(self._cancel, self.actors.of(caller), PaymentView.of(payment))):
                return DepositCanceled(principal)
        raise RuntimeError("the payment changes all the time")

    async def confirm(
        self, actor: Actor, reference: str, amount: Money, *, late: bool = False, chosen: str = ""
    ) -> ConfirmOutcome:
        """Activates the account of the reference, on the confirmation of a person who has seen the money.

        With `late`, also if it expired, was canceled or was replaced. If it was already confirmed, `late` credits the
        deposit that waits for a decision, once; if several wait, the one whose id begins with `chosen`.
        """

        async def decide(payment: PaymentView) -> ConfirmOutcome | None:
            known = await matching.deposits_of(payment)
            fitting = [deposit for deposit in known.undecided if deposit.id.startswith(chosen)]
            if not known.undecided or (chosen and not fitting and _has(known.counted, chosen)):
                return DepositKnown()
            if not late or len(fitting) != 1:
                return DepositsUndecided(known.undecided)
            done = await matching.count(actor, payment, fitting[0], self.clock())
            return DepositConfirmed(amount) if done else None

        async def settle(payment: PaymentView) -> bool:
            return await lifecycle.settle(actor, payment, self.clock(), None)

        return await self._confirm(reference, amount, settle, decide, late=late)

    async def receive(
        self, actor: Actor, reference: str, amount: Money, movement: SeenMovement, *, dry_run: bool = False
    ) -> ConfirmOutcome:
        """Like `confirm`, for a movement of a bank statement, however often it is imported.

        The first one is matched to what a person confirmed before; each further one waits for a decision. With
        `dry_run`, it changes nothing.
        """

        async def decide(payment: PaymentView) -> ConfirmOutcome | None:
            known = await matching.deposits_of(payment)
            if movement.id in known.counted:
                return DepositKnown()
            if undecided := tuple(deposit for deposit in known.undecided if deposit.id == movement.id):
                return DepositsUndecided(undecided)
            if not dry_run:
                await matching.remember(actor, payment, movement, self.clock())
                return None
            previewed = await matching.preview(payment, movement, self.clock())
            return DepositsUndecided((previewed,)) if previewed else DepositKnown()

        async def settle(payment: PaymentView) -> bool:
            return dry_run or await matching.settle(actor, payment, movement, self.clock())

        return await self._confirm(reference, amount, settle, decide, late=False)

    async def issued(self, references: Collection[str]) -> set[str]:
        """Returns the references that were issued."""
        found: set[str] = set()
        ordered = sorted(references)
        for start in range(0, len(ordered), _CHUNK_SIZE):
            chunk = Payment.filter(reference__in=ordered[start : start + _CHUNK_SIZE])
            found.update(str(reference) for reference in await chunk.values_list("reference", flat=True))
        return found

    async def expected_amounts(self, excluding: Collection[str] = ()) -> set[Money]:
        """Returns the amounts of expected deposits, except those of some references."""
        waiting = {"method": PaymentMethod.BANK_DEPOSIT.value, "status": PaymentStatus.OPEN.value}
        open_ones = Payment.filter(**waiting, due_at__gt=self.clock())
        prices = await open_ones.values_list("reference", "subtotal", "tax", "currency")
        return {Money(subtotal + tax, currency) for name, subtotal, tax, currency in prices if name not in excluding}

    async def undo(self, actor: Actor, reference: str) -> bool:
        """Takes back the last confirmed deposit with that reference, and enqueues the mail.

        Returns False if there is none.
        """
        payment = await self._find(reference)
        last = await matching.last_paid(payment) if payment else None
        return last is not None and await lifecycle.undo(actor, last, self.clock())

    async def expire(self) -> int:
        """Expires references that were not paid in time, and returns how many."""
        return await transitions.expire(PaymentMethod.BANK_DEPOSIT, self.clock())

    async def _cancel(self, actor: Actor, payment: PaymentView) -> bool:
        ended = await transitions.end(actor, payment, PaymentStatus.CANCELED, self.clock())
        if ended:
            await record(actor, EventKind.DEPOSIT_CANCELED, payment.account_id, subject=payment.id)
        return ended

    async def _confirm(
        self,
        reference: str,
        amount: Money,
        settle: Callable[[PaymentView], Awaitable[bool]],
        decide: Callable[[PaymentView], Awaitable[ConfirmOutcome | None]],
        *,
        late: bool,
    ) -> ConfirmOutcome:
        """Handles the deposit of an unsettled or of a settled payment; retries if the payment changed."""
        for _ in range(_ATTEMPTS):
            payment = await self._find(reference)
            if payment is None:
                return DepositUnknown()
            if payment.total != amount:
                return DepositDiffers(payment.total)
            if payment.status not in queries.WAITING | queries.ENDED_UNPAID:
                if outcome := await decide(payment):
                    return outcome
            elif (closed := self._closed(payment)) and not late:
                return closed
            elif await settle(payment):
                return DepositConfirmed(amount)
        raise RuntimeError("the payment changes all the time")

    def _closed(self, payment: PaymentView) -> DepositClosed | None:
        overdue = payment.status is PaymentStatus.OPEN and payment.expires_at + GRACE <= self.clock()
        if overdue or payment.status is not PaymentStatus.OPEN:
            return DepositClosed(PaymentStatus.EXPIRED if overdue else payment.status)
        return None

    async def _find(self, reference: str) -> PaymentView | None:
        parsed = parse_reference(reference)
        found = await Payment.get_or_none(reference=parsed) if parsed else None
        return PaymentView.of(found) if found else None

    async def _open(self, actor: Actor, account_id: UUID, plan: Plan, attempts: int = 5) -> lifecycle.Opened:
        now = self.clock()
        expires_at = now + self.life
        terms = Terms(expires_at, expires_at + GRACE, generate_reference(), min_remaining=-GRACE, extend=True)
        try:
            return await lifecycle.open_payment(actor, account_id, PaymentMethod.BANK_DEPOSIT, plan, terms, now)
        except IntegrityError:  # the reference is taken
            if attempts == 1:
                raise
        return await self._open(actor, account_id, plan, attempts - 1)


def _instructions(payment: PaymentView, account: BankAccount) -> DepositInstructions:
    return DepositInstructions(
        id=payment.id,
        plan_id=payment.plan_id,
        reference=payment.reference or "",
        account=account,
        amount=payment.total,
        requested_at=payment.created_at,
        expires_at=payment.expires_at,
    )


def _instructions_in(row: Mapping[str, Any], account: BankAccount) -> DepositInstructions:
    return DepositInstructions(
        id=as_uuid(row["id"]),
        plan_id=row["plan_id"],
        reference=row["reference"],
        account=account,
        amount=Money(Decimal(row["subtotal"]) + Decimal(row["tax"]), row["currency"]),
        requested_at=as_datetime(row["created_at"]),
        expires_at=as_datetime(row["expires_at"]),
    )


def _has(ids: tuple[str, ...], start: str) -> bool:
    return any(each.startswith(start) for each in ids)
