"""PayPal's orders: captures the money once, and follows what PayPal reports later.

What counts is PayPal's response about an order; a webhook is only a reason to ask. A lost response leaves the payment
PENDING, and the worker asks again until the result is known.
"""

from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from models.account import Account
from services.accounts.onboarding import Activation, progress_of
from services.audit.actors import Actor
from services.common.clock import Clock, utc_now
from services.common.translations import Language
from services.payments import lifecycle, queries, transitions
from services.payments.outcomes import PaymentNotFound, PaymentPending, PaymentProviderUnavailable
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.decision import Cause, Transition, decide, refusal
from services.payments.paypal.outcomes import (
    Collected,
    PaymentCompleted,
    PaymentDeclined,
    PaymentNotApproved,
)
from services.payments.paypal.values import Order, OrderStatus, PayPalRefusedError, PayPalUnavailableError
from services.payments.paypal.writes import FIRST_CHECK_DELAY, apply
from services.payments.plans import Plan
from services.payments.queries import PaymentStatus, PaymentView

log = structlog.get_logger(__name__)

_MAX_LINK_CHARS = 1000
_LOCALES = {Language.ES: "es-MX", Language.EN: "en-US"}


@dataclass(frozen=True, slots=True)
class PayPalPage:
    """The page at PayPal: the name shown to the payer, and where PayPal redirects."""

    brand: str
    return_url: str
    cancel_url: str


class PayPalOrders:
    def __init__(self, api: PayPalClient, page: PayPalPage, clock: Clock = utc_now) -> None:
        self._api = api
        self._page = page
        self._clock = clock

    async def order(
        self, actor: Actor, payment: PaymentView, plan: Plan, language: Language
    ) -> PaymentView | PaymentProviderUnavailable:
        """Creates the order of a payment, or finds the same one if an earlier response got lost.

        Returns the payment with its order.
        """
        try:
            order = await self._api.create_order(
                request_id=str(payment.id),
                custom_id=str(payment.id),
                subtotal=payment.subtotal,
                tax=payment.tax,
                description=f"{self._page.brand}: {plan.names[language]}",
                locale=_LOCALES[language],
                brand=self._page.brand,
                return_url=self._page.return_url,
                cancel_url=self._page.cancel_url,
            )
        except PayPalUnavailableError:
            return PaymentProviderUnavailable()
        except PayPalRefusedError as error:
            report(error, payment.id)
            if not (await queries.get(payment.id)).paypal_order_id:  # which another tab may have got in between
                await transitions.end(actor, payment, PaymentStatus.DECLINED, self._clock())
            return PaymentProviderUnavailable()
        if order.approval_url is None or len(order.approval_url) > _MAX_LINK_CHARS:
            log.error("paypal order without a link", payment=str(payment.id))
            return PaymentProviderUnavailable()
        attached = await transitions.attach_order(payment, order.id, order.approval_url)
        if attached.paypal_order_id is None or attached.approval_url is None:  # it has been replaced
            return PaymentProviderUnavailable()
        return attached

    async def collect(self, actor: Actor, payment: PaymentView) -> Collected:
        """Captures the money of an order that the payer says they approved: once, however often it is called."""
        if payment.status is PaymentStatus.PAID:
            return await self._completed(payment)
        if payment.paypal_order_id is None or payment.status not in queries.WAITING:
            return PaymentNotFound()
        order, covered = None, await self._is_covered(payment)
        if covered and payment.status is PaymentStatus.PENDING:  # the money may already have been captured
            try:
                order = await self._api.get_order(payment.paypal_order_id)
            except (PayPalUnavailableError, PayPalRefusedError):
                return PaymentPending()
        return await self._apply(actor, decide(payment, order, Cause.ASKED, covered=covered), payment, order)

    async def reconcile(self, actor: Actor, payment: PaymentView) -> None:
        """Asks PayPal about a payment's order, and applies the decision.

        Raises PayPalUnavailableError if PayPal does not show it, and PayPalRefusedError.
        """
        if payment.paypal_order_id is None:
            return
        order = await self._api.get_order(payment.paypal_order_id)
        if order is None and payment.status is PaymentStatus.PAID and payment.paypal_capture_id:
            order = await self._order_of(payment, payment.paypal_capture_id)
        covered = payment.status in queries.WAITING and await self._is_covered(payment)
        overdue = self._clock() >= payment.expires_at
        await self._apply(actor, decide(payment, order, covered=covered, overdue=overdue), payment, order)

    async def _apply(
        self,
        actor: Actor,
        transition: Transition,
        payment: PaymentView,
        order: Order | None,
        link: str | None = None,
        *,
        waited: bool = False,
    ) -> Collected:
        """`link` is the page where a refusal sends the payer. `waited`: the payer was asked to wait before."""
        if transition is Transition.CAPTURE:
            return await self._capture(actor, payment)
        await apply(actor, transition, payment, order, self._clock(), waited=waited)
        match transition:
            case Transition.SETTLE:
                return await self._completed(payment)
            case Transition.RETURN_TO_OPEN:
                shown = order.approval_url if order else link
                return PaymentNotApproved(shown or payment.approval_url or self._page.return_url)
            case Transition.TRY_AGAIN:
                return PaymentDeclined(link or payment.approval_url)
            case Transition.DECLINE:
                return PaymentDeclined(None)
            case Transition.MARK_PENDING:
                return PaymentPending()
            case Transition.KEEP | Transition.INVESTIGATE if payment.status is PaymentStatus.PENDING:
                return PaymentPending()
            case _:
                return PaymentNotFound()

    async def _capture(self, actor: Actor, payment: PaymentView) -> Collected:
        """Marks the payment pending, then has PayPal capture the money. If the response gets lost, the worker asks."""
        pending = await transitions.mark_pending(payment, self._clock() + FIRST_CHECK_DELAY)
        if pending is None or pending.paypal_order_id is None:
            return PaymentPending()
        try:
            order = await self._api.capture_order(pending.paypal_order_id, f"{pending.id}-{pending.paypal_refusals}")
        except PayPalUnavailableError:
            return PaymentPending()
        except PayPalRefusedError as error:
            log.info("paypal takes no money", payment=str(pending.id), issue=error.issue, debug_id=error.debug_id)
            return await self._follow_refusal(actor, pending, error, waited=payment.status is PaymentStatus.PENDING)
        return await self._apply(actor, decide(pending, order, Cause.ANSWERED), pending, order)

    async def _follow_refusal(
        self, actor: Actor, payment: PaymentView, error: PayPalRefusedError, *, waited: bool
    ) -> Collected:
        cause, order = refusal(error.issue), None
        if cause is Cause.NOT_APPROVED:
            payment = replace(payment, paypal_declined=False)  # an approval from now on comes after the decline
        elif cause is not Cause.DECLINED:  # an earlier try whose response got lost may have captured the money
            try:
                order = await self._api.get_order(payment.paypal_order_id or "")
            except (PayPalUnavailableError, PayPalRefusedError):
                return PaymentPending()
        transition = decide(payment, order, cause)
        return await self._apply(actor, transition, payment, order, error.approval_url, waited=waited)

    async def _order_of(self, payment: PaymentView, capture_id: str) -> Order:
        """Rebuilds a paid order that PayPal no longer shows, with the current state of its capture."""
        capture = await self._api.get_capture(capture_id)
        if capture is None:
            raise PayPalUnavailableError("neither the order nor its payment is shown")
        order_id, custom_id = payment.paypal_order_id or "", str(payment.id)
        return Order(order_id, OrderStatus.UNKNOWN, custom_id, payment.total, None, None, (capture,))

    async def _completed(self, payment: PaymentView) -> PaymentCompleted | PaymentNotFound:
        activation = await self._activation(payment)
        return PaymentCompleted(activation) if activation and activation.active else PaymentNotFound()

    async def _is_covered(self, payment: PaymentView) -> bool:
        return lifecycle.is_covered(await self._activation(payment), payment.period_months, self._clock())

    async def _activation(self, payment: PaymentView) -> Activation | None:
        return progress_of(await Account.get(id=payment.account_id), self._clock()).activation


def report(error: PayPalRefusedError, payment_id: UUID) -> None:
    """Logs a refusal that only a wrong configuration, or PayPal itself, can cause."""
    log.error("paypal refuses", payment=str(payment_id), issue=error.issue, debug_id=error.debug_id)
