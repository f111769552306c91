"""What an operator does with endpoints."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2

from models.event import Event
from models.transactions import atomically
from models.webhook_endpoint import WebhookEndpoint
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.common.clock import Clock, utc_now
from services.events import feed
from services.events.facts import EventType
from services.events.sequencing import assign_positions
from services.webhooks.claims import PausedBecause
from services.webhooks.payload import test_body
from services.webhooks.sender import Answer, Connection
from services.webhooks.signing import Signer

MAX_URL = 2000
ROTATION = timedelta(hours=24)
"""How long the secret before a rotation signs, too."""
_BEFORE = timedelta(minutes=1)  # by which events may be in the feed before others that happened earlier


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint, as an operator sees it. `waiting` says how far it is behind the end of the feed, in events."""

    id: UUID
    url: str
    types: list[str] | None
    created_at: datetime
    state: str
    waiting: int
    attempts: int
    failing_since: datetime | None
    last_result: str | None
    delivered_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class WithSecret:
    """`secret` is shown only here. For a while, what it replaces signs as well."""

    id: UUID
    url: str
    secret: str = field(repr=False)
    also_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndpointNotFound:
    """There is no endpoint with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoints:
    signer: Signer
    connect: Callable[[str], Connection]
    clock: Clock = utc_now

    async def add(self, actor: Actor, url: str, types: Collection[EventType] | None) -> WithSecret:
        """Adds an endpoint, which gets the events from now on. The URL is one that `url_problem` accepts."""
        while await assign_positions():
            pass
        names = None if types is None else " ".join(each.value for each in EventType if each in types)
        now, endpoint_id = self.clock(), uuid4()

        async def write() -> None:
            position = (await feed.bounds()).last
            await WebhookEndpoint.create(
                id=endpoint_id, url=url, types=names, created_at=now, due_at=now, position=position
            )
            await record(actor, EventKind.WEBHOOK_ADDED, subject=endpoint_id, detail=_host(url))

        await atomically(write)
        return WithSecret(endpoint_id, url, self.signer.secret(endpoint_id, 1))

    async def list(self) -> list[EndpointView]:
        last = (await feed.bounds()).last
        return [_view(row, last) for row in await WebhookEndpoint.all().order_by("created_at", "id")]

    async def test(self, endpoint_id: UUID) -> Answer | EndpointNotFound:
        """Sends an event that is not in the feed, once, and returns what came of it."""
        endpoint = await WebhookEndpoint.get_or_none(id=endpoint_id)
        if endpoint is None:
            return EndpointNotFound()
        now = self.clock()
        body = test_body(endpoint_id, now)
        headers = self.signer.headers(endpoint_id, (endpoint.secret_version,), str(uuid4()), now, body)
        connection: Connection = self.connect(endpoint.url)
        try:
            return await connection.post(body, headers)
        finally:
            await connection.aclose()

    async def pause(self, actor: Actor, endpoint_id: UUID) -> EndpointView | EndpointNotFound:
        """Stops deliveries. A delivery in progress may still arrive, and comes again after a resumption."""
        changes = {
            "paused_at": self.clock(),
            "paused_because": PausedBecause.OPERATOR.value,
            "due_at": None,
            "lease": None,
        }
        return await self._change(actor, EventKind.WEBHOOK_PAUSED, endpoint_id, changes)

    async def resume(self, actor: Actor, endpoint_id: UUID) -> EndpointView | EndpointNotFound:
        """Goes on where the endpoint was, at once, also with one that waits after a failure."""
        changes = {
            "paused_at": None,
            "paused_because": None,
            "due_at": self.clock(),
            "lease": None,
            "attempts": 0,
            "failing_since": None,
        }
        return await self._change(actor, EventKind.WEBHOOK_RESUMED, endpoint_id, changes)

    async def rotate(self, actor: Actor, endpoint_id: UUID) -> WithSecret | EndpointNotFound:
        """Makes another secret. For ROTATION, deliveries bear the signatures of both."""
        until = self.clock() + ROTATION

        async def write() -> WithSecret | EndpointNotFound:
            endpoint = await WebhookEndpoint.filter(id=endpoint_id).select_for_update().get_or_none()
            if endpoint is None:
                return EndpointNotFound()
            version = endpoint.secret_version + 1
            # Without the lease, so that a worker that is delivering begins again with both secrets.
            due_at = None if endpoint.paused_at else self.clock()
            changes = {"secret_version": version, "rotated_until": until, "lease": None, "due_at": due_at}
            await WebhookEndpoint.filter(id=endpoint_id).update(**changes)
            await record(actor, EventKind.WEBHOOK_ROTATED, subject=endpoint_id, detail=_host(endpoint.url))
            return WithSecret(endpoint_id, endpoint.url, self.signer.secret(endpoint_id, version), until)

        return await atomically(write)

    async def replay(self, actor: Actor, endpoint_id: UUID, since: datetime) -> EndpointView | EndpointNotFound:
        """Delivers the events since a time again, with their ids, and perhaps a few before. It never skips any."""
        first = Event.filter(occurred_at__gte=since - _BEFORE, position__isnull=False).order_by("occurred_at").first()
        event = await first
        position = max(event.position - 1, (await feed.bounds()).deleted) if event and event.position else None

        async def write() -> EndpointView | EndpointNotFound:
            endpoint = await WebhookEndpoint.filter(id=endpoint_id).select_for_update().get_or_none()
            if endpoint is None:
                return EndpointNotFound()
            if position is not None and position < endpoint.position:
                # Without the lease, so that a worker in the middle of a delivery does not overwrite the position.
                due_at = None if endpoint.paused_at else self.clock()
                await WebhookEndpoint.filter(id=endpoint_id).update(position=position, lease=None, due_at=due_at)
            await record(actor, EventKind.WEBHOOK_REPLAYED, subject=endpoint_id, detail=_host(endpoint.url))
            return _view(await WebhookEndpoint.get(id=endpoint_id), (await feed.bounds()).last)

        return await atomically(write)

    async def remove(self, actor: Actor, endpoint_id: UUID) -> EndpointView | EndpointNotFound:
        async def write() -> EndpointView | EndpointNotFound:
            endpoint = await WebhookEndpoint.filter(id=endpoint_id).select_for_update().get_or_none()
            if endpoint is None:
                return EndpointNotFound()
            await endpoint.delete()
            await record(actor, EventKind.WEBHOOK_REMOVED, subject=endpoint_id, detail=_host(endpoint.url))
            return _view(endpoint, (await feed.bounds()).last)

        return await atomically(write)

    async def _change(
        self, actor: Actor, kind: EventKind, endpoint_id: UUID, changes: dict[str, Any]
    ) -> EndpointView | EndpointNotFound:
        async def write() -> EndpointView | EndpointNotFound:
            if not await WebhookEndpoint.filter(id=endpoint_id).update(**changes):
                return EndpointNotFound()
            endpoint = await WebhookEndpoint.get(id=endpoint_id)
            await record(actor, kind, subject=endpoint_id, detail=_host(endpoint.url))
            return _view(endpoint, (await feed.bounds()).last)

        return await atomically(write)


def url_problem(url: str, *, https_only: bool) -> str | None:
    """Returns why a text cannot be an endpoint's URL, or None. Where it may lead is checked at each delivery."""
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url or len(url) > MAX_URL:
        return f"must have at most {MAX_URL:,} printable ASCII characters, without spaces"
    must_begin = f"must begin with https://{'' if https_only else ' or http://'} and a host"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
        httpx2.URL(url)  # refuses hosts that urlsplit passes, and no delivery could begin
    except (ValueError, httpx2.InvalidURL):
        return must_begin
    if not named or parts.scheme not in ({"https"} if https_only else {"https", "http"}):
        return must_begin
    if "@" in parts.netloc:
        return "must not contain a user or a password: receivers verify the signature"
    return "must not have a fragment" if "#" in url else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "")[:100]


def _view(row: WebhookEndpoint, last: int) -> EndpointView:
    state = f"paused ({row.paused_because})" if row.paused_at else "failing" if row.failing_since else "active"
    return EndpointView(
        id=row.id,
        url=row.url,
        types=row.types.split() if row.types is not None else None,
        created_at=row.created_at,
        state=state,
        waiting=max(0, last - row.position),
        attempts=row.attempts,
        failing_since=row.failing_since,
        last_result=row.last_result,
        delivered_at=row.delivered_at,
        due_at=row.due_at,
    )
