"""The event worker: gives events their positions in the feed, and announces the ends of paid time."""

import asyncio

import structlog

from services.common.clock import Clock, pause, utc_now
from services.common.heartbeat import Turns
from services.common.outages import Outages
from services.events.lapses import announce_lapses
from services.events.sequencing import assign_positions

log = structlog.get_logger(__name__)

_INTERVAL_SECONDS = 1.0


class EventWorker:
    def __init__(self, clock: Clock = utc_now, outages: Outages | None = None) -> None:
        self._clock = clock
        self._outages = outages or Outages()

    async def run(self, stopped: asyncio.Event, turns: Turns) -> None:
        """Runs about every second, until `stopped`. Several workers share the work."""
        finish_turn = turns.begin()
        while not stopped.is_set():
            try:
                more = await self.run_once()
            except Exception as error:
                more = False
                if not self._outages.report(error):
                    log.exception("following events failed")
            finish_turn()
            if not more:
                await pause(stopped, _INTERVAL_SECONDS)

    async def run_once(self) -> bool:
        """Does a batch of each, and returns whether there may be more to do."""
        announced = await announce_lapses(self._clock())
        return bool(announced + await assign_positions())
