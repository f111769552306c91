"""The webhook worker: delivers the feed to each endpoint, in its order, one event at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from models.outage import DATABASE_ERRORS
from services.common.clock import pause
from services.common.heartbeat import Turns
from services.common.outages import Outages
from services.events import feed
from services.events.feed import EventView, PositionGone
from services.events.sequencing import assign_positions
from services.mail.outbox import database_now
from services.webhooks import claims
from services.webhooks.claims import Claim
from services.webhooks.payload import event_body
from services.webhooks.sender import Connection
from services.webhooks.signing import Signer

log = structlog.get_logger(__name__)

_INTERVAL_SECONDS = 1.0
_PAGE_SIZE = 50
_MAX_ENDPOINTS = 50  # at once, in one process; a slow one occupies its place for one delivery
_STOP_GRACE_SECONDS = 15.0


@dataclass(slots=True, kw_only=True)
class WebhookWorker:
    """Endpoints do not wait for each other. `connect` returns the connection to a URL."""

    signer: Signer
    connect: Callable[[str], Connection]
    operator_email: str | None = None
    outages: Outages = field(default_factory=Outages)
    now: Callable[[], Awaitable[datetime]] = database_now
    _delivering: dict[UUID, asyncio.Task[None]] = field(init=False, default_factory=dict)
    _stopping: bool = field(init=False, default=False)

    async def run(self, stopped: asyncio.Event, turns: Turns) -> None:
        """Runs about every second, until `stopped`. Deliveries in progress then get 15 seconds."""
        finish_turn = turns.begin()
        try:
            while not stopped.is_set():
                try:
                    await self.start_due()
                except Exception as error:
                    if not self.outages.report(error):
                        log.exception("delivering events failed")
                finish_turn()
                await pause(stopped, _INTERVAL_SECONDS)
            self._stopping = True
            if self._delivering:
                await asyncio.wait(self._delivering.values(), timeout=_STOP_GRACE_SECONDS)
        finally:
            tasks = [*self._delivering.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def start_due(self) -> None:
        """Begins to deliver to the endpoints that are behind the feed, if their time has come."""
        await assign_positions()
        places = _MAX_ENDPOINTS - len(self._delivering)
        known = await feed.bounds()
        for endpoint_id in await claims.due(await self.now(), known.last, _MAX_ENDPOINTS):
            if endpoint_id not in self._delivering and places > 0:
                places -= 1
                self._delivering[endpoint_id] = asyncio.create_task(self._deliver_to(endpoint_id))

    async def deliver_due(self) -> None:
        """Delivers to all endpoints that are due, and returns when none is any more."""
        while True:
            await self.start_due()
            if not self._delivering:
                return
            await asyncio.wait([*self._delivering.values()])

    async def _deliver_to(self, endpoint_id: UUID) -> None:
        claim = None
        try:
            claim = await claims.claim(endpoint_id, await self.now())
            if claim:
                await self._deliver(claim)
        except asyncio.CancelledError:
            if claim:
                with suppress(*DATABASE_ERRORS):  # the lease then ends by itself
                    await asyncio.shield(claims.release(claim, await self.now()))
            raise
        except Exception as error:
            if not self.outages.report(error):
                log.exception("delivering to an endpoint failed", endpoint=str(endpoint_id))
        finally:
            self._delivering.pop(endpoint_id, None)

    async def _deliver(self, claim: Claim) -> None:
        connection = self.connect(claim.url)
        try:
            position: int | None = claim.position
            while position is not None:
                position = await self._deliver_page(claim, connection, position)
        finally:
            await connection.aclose()

    async def _deliver_page(self, claim: Claim, connection: Connection, position: int) -> int | None:
        """Returns the position to go on from, or None if there is nothing to do now."""
        page = await feed.read(position, _PAGE_SIZE, claim.types)
        if isinstance(page, PositionGone):
            log.error("webhook missed events", endpoint=str(claim.id), host=claim.host)
            held = await claims.advance(claim, page.kept_from, await self.now())
            return page.kept_from if held else None
        for event in page.events:
            if not await self._delivered(claim, connection, event):
                return None
            if self._stopping:
                await claims.release(claim, await self.now())
                return None
        now = await self.now()
        if not await claims.advance(claim, page.end, now):
            return None
        if page.has_more:
            return page.end
        await claims.release(claim, now)
        return None

    async def _delivered(self, claim: Claim, connection: Connection, event: EventView) -> bool:
        """Delivers one event and records it. False if it failed, or if another worker goes on."""
        now = await self.now()
        body = event_body(event)
        headers = self.signer.headers(claim.id, claim.versions(now), str(event.id), now, body)
        answer = await connection.post(body, headers)
        now = await self.now()
        if answer.delivered:
            return await claims.advance(claim, event.position, now, answer)
        await claims.fail(claim, answer, now, self.operator_email)
        return False
