"""How far each endpoint is, and which worker delivers to it: one at a time, by a lease."""

import enum
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import structlog

from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from models.webhook_endpoint import WebhookEndpoint
from services.events.facts import EventType
from services.mail.outbox import MailKind, backoff, enqueue_to_address
from services.webhooks.sender import Answer

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # four times what one delivery may take
GIVE_UP_AFTER = timedelta(days=3)
_KNOWN = {each.value: each for each in EventType}
_LANGUAGE = "es"  # of mails to the operator

_DUE = 'SELECT id FROM webhook_endpoint WHERE due_at <= $1 AND "position" <> $2 ORDER BY due_at LIMIT $3'
_CLAIM = """
UPDATE webhook_endpoint SET lease = $2, due_at = $3 WHERE id = $1 AND due_at <= $4
RETURNING url, types, secret_version, rotated_until, "position"
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """An endpoint that this worker owns until its lease ends, as it was when it was claimed."""

    id: UUID
    lease: UUID
    url: str
    types: frozenset[EventType] | None
    secret_version: int
    rotated_until: datetime | None
    position: int

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def versions(self, now: datetime) -> tuple[int, ...]:
        """The versions of the secret that sign now, the newest first."""
        rotating = self.rotated_until is not None and now < self.rotated_until
        return (self.secret_version, self.secret_version - 1) if rotating else (self.secret_version,)


class PausedBecause(enum.Enum):
    """FAILING: nothing was accepted for GIVE_UP_AFTER. GONE: the endpoint said 410."""

    OPERATOR = "operator"
    FAILING = "failing"
    GONE = "gone"


async def due(now: datetime, last_position: int, count: int) -> list[UUID]:
    """Returns endpoints that may be tried now and are not at the end of the feed."""
    return [as_uuid(row["id"]) for row in await fetch(_DUE, now, last_position, count)]


async def claim(endpoint_id: UUID, now: datetime) -> Claim | None:
    """Returns None if another worker has it, or if it is paused or gone.

    An endpoint with types that only a newer version knows is left to that, since this one would pass their events over.
    """
    lease = uuid4()
    rows = await fetch(_CLAIM, str(endpoint_id), str(lease), now + LEASE, now)
    if not rows:
        return None
    types = rows[0]["types"]
    claimed = _claim(endpoint_id, lease, rows[0])
    if types is not None and set(types.split()) - _KNOWN.keys():
        await release(claimed, now)
        return None
    return claimed


async def advance(claim: Claim, position: int, now: datetime, answer: Answer | None = None) -> bool:
    """Records that events up to a position are delivered, and extends the lease. False if the lease is lost.

    `answer` is that of the last delivery, if there was one.
    """
    delivered: dict[str, Any] = {}
    if answer:
        delivered = {"delivered_at": now, "last_result": answer.reason, "attempts": 0, "failing_since": None}
    return bool(await _held(claim).update(position=position, due_at=now + LEASE, **delivered))


async def release(claim: Claim, now: datetime) -> None:
    """Lets the endpoint be claimed again at once."""
    await _held(claim).update(lease=None, due_at=now)


async def fail(claim: Claim, answer: Answer, now: datetime, operator_email: str | None) -> None:
    """Records a failure. Tries again later, the longer it has failed, or pauses the endpoint.

    A pause lasts until an operator resumes the endpoint; a mail says so, in the same transaction.
    """
    row = await _held(claim).get_or_none().only("attempts", "failing_since")
    if row is None:
        return
    attempts, since = row.attempts + 1, row.failing_since or now
    failed = {"lease": None, "attempts": attempts, "failing_since": since, "last_result": answer.reason}
    names = {"endpoint": str(claim.id), "host": claim.host, "attempts": attempts, "reason": answer.reason}
    if not answer.gone and now - since < GIVE_UP_AFTER:
        wait = backoff(attempts, random.random())  # noqa: S311
        await _held(claim).update(due_at=now + wait, **failed)
        log.info("webhook deferred", **names)
        return
    because = PausedBecause.GONE if answer.gone else PausedBecause.FAILING
    paused = {"due_at": None, "paused_at": now, "paused_because": because.value, **failed}
    if await atomically(partial(_pause, claim, paused, operator_email)):
        log.error("webhook paused", because=because.value, **names)


async def _pause(claim: Claim, paused: dict[str, Any], operator_email: str | None) -> bool:
    if not await _held(claim).update(**paused):
        return False
    if operator_email:
        await enqueue_to_address(MailKind.WEBHOOK_PAUSED, operator_email, _LANGUAGE)
    return True


def _held(claim: Claim) -> Any:
    return WebhookEndpoint.filter(id=claim.id, lease=claim.lease)


def _claim(endpoint_id: UUID, lease: UUID, row: Mapping[str, Any]) -> Claim:
    rotated, types = row["rotated_until"], row["types"]
    return Claim(
        id=endpoint_id,
        lease=lease,
        url=row["url"],
        types=None if types is None else frozenset(_KNOWN[name] for name in types.split() if name in _KNOWN),
        secret_version=row["secret_version"],
        rotated_until=as_datetime(rotated) if rotated else None,
        position=row["position"],
    )
