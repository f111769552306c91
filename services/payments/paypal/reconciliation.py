"""Asks PayPal what became of orders that no event reported, and whether money went back."""

import asyncio
from datetime import timedelta

import structlog

from services.accounts.onboarding import PaymentMethod
from services.audit.actors import WORKER
from services.common.clock import Clock, utc_now
from services.payments import lifecycle, transitions
from services.payments.paypal.orders import PayPalOrders, report
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError
from services.payments.paypal.writes import FIRST_CHECK_DELAY, PAID_CHECK_DELAY
from services.payments.queries import PaymentStatus, PaymentView

log = structlog.get_logger(__name__)

_LEASE = timedelta(minutes=2)
_MAX_FAILURES = 3  # in a row, after which PayPal counts as unavailable for this round
_MAX_CHECK_INTERVAL = timedelta(hours=6)
_MAX_PAID_CHECK_INTERVAL = timedelta(days=7)
_MAX_PENDING = timedelta(days=30)  # the longest time for an eCheck or a review
_MAX_DISPUTE = timedelta(days=180)  # the time in which a payer can dispute a payment


class Reconciler:
    """Without `orders`, if PayPal is no longer set up, nothing is asked, and pending payments expire."""

    def __init__(self, orders: PayPalOrders | None, clock: Clock = utc_now) -> None:
        self._orders = orders
        self._clock = clock

    async def run_due(self, stopped: asyncio.Event) -> None:
        """Reconciles every payment that is due, even if one fails, until PayPal is unavailable or `stopped`."""
        failures = 0
        while failures < _MAX_FAILURES and not stopped.is_set():
            payment = await transitions.claim_due(PaymentMethod.PAYPAL, self._clock(), _LEASE)
            if payment is None:
                return
            try:
                if self._orders:
                    await self._orders.reconcile(WORKER, payment)
                failures = 0
            except PayPalUnavailableError:
                failures += 1
            except PayPalRefusedError as error:
                report(error, payment.id)
            except Exception:
                log.exception("payment not followed up", payment=str(payment.id))
            await self._schedule_next_check(payment)

    async def _schedule_next_check(self, payment: PaymentView) -> None:
        """Schedules the next check after about the payment's age, so that slow ones are checked less and less often."""
        now = self._clock()
        age = now - payment.created_at
        match payment.status:
            case PaymentStatus.OPEN if now >= payment.expires_at:
                await transitions.end(WORKER, payment, PaymentStatus.EXPIRED, now)
            case PaymentStatus.PENDING if age > _MAX_PENDING:
                log.error("payment pending for too long", payment=str(payment.id), order=payment.paypal_order_id)
                await lifecycle.decline(WORKER, payment, PaymentStatus.EXPIRED, now)
            case PaymentStatus.OPEN | PaymentStatus.PENDING:
                await transitions.postpone(payment, now + min(max(age, FIRST_CHECK_DELAY), _MAX_CHECK_INTERVAL))
            case PaymentStatus.PAID:
                again = now + min(max(age, PAID_CHECK_DELAY), _MAX_PAID_CHECK_INTERVAL)
                await transitions.postpone(payment, again if age < _MAX_DISPUTE else None)
            case PaymentStatus.REFUNDED:
                await transitions.postpone(payment, None)
            case _ if age > transitions.UNPAID_RETENTION:
                await transitions.remove(payment)
            case _:
                await transitions.postpone(payment, now + max(age, transitions.ENDED_CHECK_DELAY))
