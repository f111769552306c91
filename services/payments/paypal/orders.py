"""PayPal's orders, and what became of them: the money is taken once, and what PayPal tells later is followed.

What counts is what PayPal answers when it is asked about an order; a webhook is only a reason to ask. An answer that
is lost leaves the payment PENDING, and the worker asks again until it knows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from models.account import Account
from services.accounts.onboarding import Activation, progress_of
from services.common.clock import Clock, utc_now
from services.common.translations import Language
from services.payments import lifecycle, queries, transitions
from services.payments.outcomes import PaymentPending, PaymentProviderUnavailable
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.outcomes import (
    Collected,
    PaymentCompleted,
    PaymentDeclined,
    PaymentNotApproved,
    PaymentNotFound,
    PayPalStarted,
)
from services.payments.paypal.values import (
    Capture,
    CaptureStatus,
    Order,
    OrderStatus,
    PayPalRefusedError,
    PayPalUnavailableError,
)
from services.payments.plans import Plan
from services.payments.queries import PaymentStatus, PaymentView

log = structlog.get_logger(__name__)

FIRST_LOOK = timedelta(minutes=2)
"""After how long a worker asks about an order for the first time."""
FIRST_LOOK_AT_PAID = timedelta(days=1)
_MAX_LINK = 1000
_LOCALES = {Language.ES: "es-MX", Language.EN: "en-US"}
_TO_BE_APPROVED = {"ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED"}
_DECLINED = {
    "INSTRUMENT_DECLINED",
    "TRANSACTION_REFUSED",
    "TRANSACTION_BLOCKED_BY_PAYEE",
    "CARD_EXPIRED",
    "PAYER_CANNOT_PAY",
    "PAYER_ACCOUNT_RESTRICTED",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
}
_ALREADY = {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED", "DUPLICATE_INVOICE_ID"}
_NOT_SHOWN_YET = {OrderStatus.COMPLETED, OrderStatus.UNKNOWN}  # of an order without captures, what was paid
_TAKEN = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED}
_BY_WEIGHT = (
    CaptureStatus.COMPLETED,
    CaptureStatus.PARTIALLY_REFUNDED,
    CaptureStatus.PENDING,
    CaptureStatus.UNKNOWN,
    CaptureStatus.REFUNDED,
    CaptureStatus.DECLINED,
    CaptureStatus.FAILED,
)


@dataclass(frozen=True, slots=True)
class PayPalPage:
    """What the payer sees at PayPal, and where PayPal sends the payer back to."""

    brand: str
    return_url: str
    cancel_url: str


class PayPalOrders:
    def __init__(self, api: PayPalClient, page: PayPalPage, clock: Clock = utc_now) -> None:
        self._api = api
        self._page = page
        self._clock = clock

    async def order(
        self, payment: PaymentView, plan: Plan, language: Language
    ) -> PayPalStarted | PaymentProviderUnavailable:
        """Makes the order of a payment; the same one where it was made before and its answer got lost."""
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
            if not (await queries.get(payment.id)).paypal_order_id:  # which another tab may have got meanwhile
                await transitions.end(payment, PaymentStatus.DECLINED, self._clock())
            return PaymentProviderUnavailable()
        if order.approval_url is None or len(order.approval_url) > _MAX_LINK:
            log.error("paypal order without a link", payment=str(payment.id))
            return PaymentProviderUnavailable()
        attached = await transitions.attach_order(payment, order.id, order.approval_url)
        if attached.paypal_order_id is None or attached.approval_url is None:  # it was replaced meanwhile
            return PaymentProviderUnavailable()
        return PayPalStarted(attached.paypal_order_id, attached.approval_url, payment.total, payment.expires_at)

    async def collect(self, payment: PaymentView) -> Collected:
        """Takes the money of an order that its payer says to have approved; once, however often it is asked for."""
        if payment.status is PaymentStatus.PAID:
            return await self._completed(payment)
        if payment.paypal_order_id is None or payment.status not in queries.WAITING:
            return PaymentNotFound()
        if await self._is_covered(payment):
            return await self._abandon(payment)
        held = await transitions.mark_pending(payment, self._clock() + FIRST_LOOK)
        if held is None:
            return PaymentPending()
        return await self._capture(held, payment.paypal_order_id, waited=payment.status is PaymentStatus.PENDING)

    async def reconcile(self, payment: PaymentView) -> Collected:
        """Asks PayPal what became of a payment's order, and does what follows.

        Raises PayPalUnavailableError where that cannot be seen, and PayPalRefusedError.
        """
        if payment.paypal_order_id is None:
            return PaymentNotFound()
        order = await self._api.get_order(payment.paypal_order_id)
        if order is None:
            return await self._forgotten(payment)
        approved = order.status is OrderStatus.APPROVED and not order.captures
        # PENDING after a decline, the payer has asked again.
        wanted = payment.status is PaymentStatus.PENDING or (
            payment.status is PaymentStatus.OPEN and not payment.paypal_declined
        )
        if approved and wanted and _belongs(order, payment):
            return await self.collect(payment)
        return await self._record(payment, order)

    async def _capture(self, payment: PaymentView, order_id: str, *, waited: bool) -> Collected:
        """`waited` says that the payer was told before to wait for what comes of it."""
        try:
            order = await self._api.capture_order(order_id, f"{payment.id}-{payment.paypal_refusals}")
        except PayPalUnavailableError:
            return PaymentPending()
        except PayPalRefusedError as error:
            log.info("paypal takes no money", payment=str(payment.id), issue=error.issue, debug_id=error.debug_id)
            if error.issue in _TO_BE_APPROVED or error.issue in _DECLINED:
                return await self._refused(payment, error, waited=waited)
            # Of any other, an earlier try may be the cause, whose answer got lost.
            return await self._look_after_refusal(payment, order_id, error.issue)
        return await self._record(payment, order)

    async def _refused(self, payment: PaymentView, error: PayPalRefusedError, *, waited: bool) -> Collected:
        approval_url = error.approval_url or payment.approval_url
        declined = error.issue in _DECLINED
        due_at = self._clock() + FIRST_LOOK
        if waited and declined:
            await lifecycle.refuse(payment, due_at)
        else:
            await transitions.return_to_open(payment, due_at, declined=declined)
        return PaymentNotApproved(approval_url) if approval_url and not declined else PaymentDeclined(approval_url)

    async def _look_after_refusal(self, payment: PaymentView, order_id: str, issue: str) -> Collected:
        try:
            order = await self._api.get_order(order_id)
        except (PayPalUnavailableError, PayPalRefusedError):
            return PaymentPending()
        if issue in _ALREADY and not (order and order.captures):  # not shown yet
            return PaymentPending()
        if order is None:  # neither to be captured nor to be seen
            await lifecycle.decline(payment, PaymentStatus.EXPIRED, self._clock())
            return PaymentNotFound()
        if order.captures or order.status in _NOT_SHOWN_YET:
            return await self._record(payment, order)
        await lifecycle.decline(payment, PaymentStatus.DECLINED, self._clock())
        return PaymentDeclined(None)

    async def _abandon(self, payment: PaymentView) -> Collected:
        """For an account that was paid for in another way meanwhile: no money is taken, unless it was already."""
        if payment.status is PaymentStatus.PENDING:
            try:
                order = await self._api.get_order(payment.paypal_order_id or "")
            except (PayPalUnavailableError, PayPalRefusedError):
                return PaymentPending()
            if order and order.captures:
                return await self._record(payment, order)
        await transitions.end(payment, PaymentStatus.REPLACED, self._clock())
        return PaymentNotFound()

    async def _forgotten(self, payment: PaymentView) -> Collected:
        """PayPal shows the order no more: it forgets what nobody paid."""
        now = self._clock()
        match payment.status:
            case PaymentStatus.OPEN:
                await transitions.end(payment, PaymentStatus.EXPIRED, now)
            case PaymentStatus.PENDING if now >= payment.expires_at:
                await lifecycle.decline(payment, PaymentStatus.EXPIRED, now)
            case PaymentStatus.PAID if payment.paypal_capture_id:
                capture = await self._api.get_capture(payment.paypal_capture_id)
                if capture is None:
                    raise PayPalUnavailableError("neither the order nor its payment is shown")
                if capture.status is CaptureStatus.REFUNDED:
                    await lifecycle.refund(payment, now, capture.id)
        return PaymentNotFound()

    async def _record(self, payment: PaymentView, order: Order) -> Collected:
        """Does what follows from what PayPal says about the order, if it is the one that was made for the payment."""
        now = self._clock()
        if not _belongs(order, payment):
            log.error("paypal order differs from its payment", payment=str(payment.id), order=order.id)
            if order.captures and payment.status in queries.WAITING:  # money was taken: whose, a person has to see
                return PaymentPending()
            await self._end(payment, PaymentStatus.DECLINED, now)
            return PaymentNotFound()
        if sum(capture.status in _TAKEN for capture in order.captures) > 1:
            log.error("paypal took the money of an order twice", payment=str(payment.id), order=order.id)
        capture = _weightiest(order)
        if capture is None:
            return await self._unpaid(payment, order)
        match capture.status:
            case CaptureStatus.COMPLETED | CaptureStatus.PARTIALLY_REFUNDED:
                if await lifecycle.settle(payment, now, now + FIRST_LOOK_AT_PAID, capture.id):
                    log.info("payment settled", payment=str(payment.id), order=order.id)
                return await self._completed(payment)
            case CaptureStatus.REFUNDED:
                if await lifecycle.refund(payment, now, capture.id):
                    log.info("payment refunded", payment=str(payment.id), order=order.id)
                return PaymentNotFound()
            case CaptureStatus.DECLINED | CaptureStatus.FAILED:
                await self._end(payment, PaymentStatus.DECLINED, now)
                return PaymentDeclined(None)
            case CaptureStatus.PENDING | CaptureStatus.UNKNOWN:
                if payment.status is PaymentStatus.OPEN:
                    await transitions.mark_pending(payment, now + FIRST_LOOK)
                elif payment.status is PaymentStatus.PAID:
                    log.error("paypal says something else of a paid payment", payment=str(payment.id), order=order.id)
                return PaymentPending()

    async def _unpaid(self, payment: PaymentView, order: Order) -> Collected:
        if payment.status not in queries.WAITING:
            return PaymentNotFound()
        if order.status is OrderStatus.VOIDED:
            await self._end(payment, PaymentStatus.EXPIRED, self._clock())
            return PaymentNotFound()
        if order.status in _NOT_SHOWN_YET:
            return PaymentPending()
        if payment.status is PaymentStatus.PENDING:
            await transitions.return_to_open(payment, self._clock() + FIRST_LOOK, declined=payment.paypal_declined)
        return PaymentNotApproved(order.approval_url or payment.approval_url or self._page.return_url)

    async def _end(self, payment: PaymentView, status: PaymentStatus, now: datetime) -> None:
        """Of one that may still be paid; whoever was told to wait gets a mail."""
        if payment.status is PaymentStatus.PENDING:
            await lifecycle.decline(payment, status, now)
        elif payment.status is PaymentStatus.OPEN:
            await transitions.end(payment, status, now)

    async def _completed(self, payment: PaymentView) -> PaymentCompleted | PaymentNotFound:
        activation = await self._activation(payment)
        return PaymentCompleted(activation) if activation and activation.active else PaymentNotFound()

    async def _is_covered(self, payment: PaymentView) -> bool:
        return lifecycle.is_covered(await self._activation(payment), payment.period_months, self._clock())

    async def _activation(self, payment: PaymentView) -> Activation | None:
        return progress_of(await Account.get(id=payment.account_id), self._clock()).activation


def report(error: PayPalRefusedError, payment_id: UUID) -> None:
    """Has an operator know of what only a wrong set-up, or PayPal itself, makes PayPal refuse."""
    log.error("paypal refuses", payment=str(payment_id), issue=error.issue, debug_id=error.debug_id)


def _weightiest(order: Order) -> Capture | None:
    """Of several, such as one that was declined and one that was not, the one that money came of."""
    return min(order.captures, key=lambda capture: _BY_WEIGHT.index(capture.status), default=None)


def _belongs(order: Order, payment: PaymentView) -> bool:
    capture = _weightiest(order)
    amounts = {order.amount, capture.amount if capture else order.amount}
    return order.custom_id == str(payment.id) and amounts == {payment.total}
