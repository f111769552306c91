"""The payment worker: asks PayPal about open orders, and expires references that were not paid in time."""

import asyncio

import structlog

from services.common.clock import pause
from services.common.heartbeat import Turns
from services.common.outages import Outages
from services.payments.bank.deposits import DepositService
from services.payments.paypal.reconciliation import Reconciler

log = structlog.get_logger(__name__)

_INTERVAL_SECONDS = 30.0


class PaymentWorker:
    def __init__(self, paypal: Reconciler, deposits: DepositService, outages: Outages | None = None) -> None:
        self._paypal = paypal
        self._deposits = deposits
        self._outages = outages or Outages()

    async def run(self, stopped: asyncio.Event, turns: Turns) -> None:
        """Runs about twice a minute, until `stopped`. Several workers share the due payments."""
        finish_turn = turns.begin()
        while not stopped.is_set():
            await self.run_once(stopped)
            finish_turn()
            await pause(stopped, _INTERVAL_SECONDS)

    async def run_once(self, stopped: asyncio.Event | None = None) -> None:
        """Runs once. A failure of one part does not affect the other."""
        try:
            await self._deposits.expire()
        except Exception as error:
            if not self._outages.report(error):
                log.exception("expiring deposits failed")
        try:
            await self._paypal.run_due(stopped or asyncio.Event())
        except Exception as error:
            if not self._outages.report(error):
                log.exception("following payments up failed")
