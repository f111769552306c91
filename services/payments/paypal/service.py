"""Paying with PayPal: the payer approves an order on PayPal's page, then its money is captured."""

from dataclasses import dataclass
from datetime import timedelta

from models.payment import Payment
from services.accounts.onboarding import PaymentMethod
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import typed_id
from services.common.limits import Limiter, Limits
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts
from services.payments import lifecycle, queries
from services.payments.lifecycle import Terms
from services.payments.outcomes import (
    AlreadyActive,
    DeletionPending,
    OnboardingIncomplete,
    PaymentMethodUnavailable,
    PaymentNotFound,
    PaymentPending,
    PaymentProviderUnavailable,
    PlanNotFound,
)
from services.payments.paypal.orders import PayPalOrders
from services.payments.paypal.outcomes import (
    PaymentCompleted,
    PayPalCompleted,
    PayPalStarted,
    Uncollected,
)
from services.payments.paypal.values import is_paypal_id
from services.payments.paypal.writes import FIRST_CHECK_DELAY
from services.payments.plans import Plans
from services.payments.queries import PaymentView

ORDER_LIFE = timedelta(hours=3)  # in which PayPal lets a payer approve
_MIN_REMAINING = timedelta(minutes=15)  # for an order to be returned again


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPalService:
    """Without `orders`, this payment method is unavailable."""

    orders: PayPalOrders | None
    plans: Plans
    sessions: SessionService
    limiter: Limiter
    limits: Limits
    actors: Actors
    clock: Clock = utc_now

    async def start(
        self, caller: Caller, plan_id: str
    ) -> (
        PayPalStarted
        | PlanNotFound
        | PaymentMethodUnavailable
        | OnboardingIncomplete
        | AlreadyActive
        | DeletionPending
        | PaymentPending
        | PaymentProviderUnavailable
        | RestrictedSession
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Returns the same order each time, until it is paid, expires or another plan is requested."""
        checked = await self._check_limits(caller)
        if not isinstance(checked, tuple):
            return checked
        orders, principal = checked
        plan = self.plans.get(plan_id)
        if plan is None:
            return PlanNotFound()
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.payment, str(principal.id)):
                return throttled
            now = self.clock()
            terms = Terms(now + ORDER_LIFE, now + FIRST_CHECK_DELAY, min_remaining=_MIN_REMAINING)
            payment = await lifecycle.open_payment(
                self.actors.of(caller), principal.id, PaymentMethod.PAYPAL, plan, terms, now
            )
            if not isinstance(payment, PaymentView):
                return payment
            if not (payment.paypal_order_id and payment.approval_url):
                ordered = await orders.order(self.actors.of(caller), payment, plan, caller.language)
                if not isinstance(ordered, PaymentView):
                    return ordered
                payment = ordered
            return _started(principal, payment)

    async def complete(
        self, caller: Caller, order_id: str
    ) -> (
        PayPalCompleted
        | Uncollected
        | PaymentMethodUnavailable
        | RestrictedSession
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Captures the money of an approved order: once, however often it is called."""
        checked = await self._check_limits(caller)
        if not isinstance(checked, tuple):
            return checked
        orders, principal = checked
        order_id = typed_id(order_id)
        if not is_paypal_id(order_id):
            return PaymentNotFound()
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.payment, str(principal.id)):
                return throttled
            found = await Payment.get_or_none(paypal_order_id=order_id, account_id=principal.id)
            collected = (
                await orders.collect(self.actors.of(caller), PaymentView.of(found)) if found else PaymentNotFound()
            )
        if isinstance(collected, PaymentCompleted):
            return PayPalCompleted(principal, collected.activation)
        return collected

    async def has_pending(self, principal: Principal) -> bool:
        """Whether PayPal was asked to capture the account's money and the result is not known yet."""
        return await queries.is_pending(principal.id)

    async def _check_limits(
        self, caller: Caller
    ) -> tuple[PayPalOrders, Principal] | PaymentMethodUnavailable | RestrictedSession | NotAuthenticated:
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        if self.orders is None:
            return PaymentMethodUnavailable()
        return self.orders, principal


def _started(principal: Principal, payment: PaymentView) -> PayPalStarted:
    return PayPalStarted(
        principal=principal,
        order_id=payment.paypal_order_id or "",
        approval_url=payment.approval_url or "",
        amount=payment.total,
        expires_at=payment.expires_at,
    )
