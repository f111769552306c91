"""The outbox as an operator sees it: what waits, what failed, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from models.delivery import Delivery
from models.transactions import atomically
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.common.clock import utc_now
from services.mail.outbox import DeliveryStatus

_FAILED = [DeliveryStatus.REFUSED.value, DeliveryStatus.EXPIRED.value]


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A row of the outbox. `outcome` is None while it waits; `claimed` while a worker is sending it."""

    id: UUID
    kind: str
    email: str
    registration_id: UUID | None
    requested_at: datetime
    due_at: datetime
    attempts: int
    claimed: bool
    finished_at: datetime | None
    outcome: str | None
    reason: str | None


async def pending(email_key: str | None, count: int) -> list[QueuedMail]:
    """Returns mails that wait, those due first."""
    waiting = _of(email_key).filter(pending_key__isnull=False)
    return [_view(delivery) for delivery in await waiting.order_by("due_at", "id").limit(count)]


async def failed(email_key: str | None, count: int) -> list[QueuedMail]:
    """Returns mails that were refused or given up, the newest first. They are kept for 30 days."""
    ended = _of(email_key).filter(finished_at__isnull=False, outcome__in=_FAILED)
    return [_view(delivery) for delivery in await ended.order_by("-finished_at", "id").limit(count)]


async def latest(email_key: str, count: int) -> list[QueuedMail]:
    """Returns the mails to an e-mail that wait or ended, the newest first."""
    return [_view(delivery) for delivery in await _of(email_key).order_by("-requested_at", "id").limit(count)]


async def get(mail_id: UUID) -> QueuedMail | None:
    delivery = await Delivery.get_or_none(id=mail_id)
    return _view(delivery) if delivery else None


async def retry(actor: Actor, mail_id: UUID) -> QueuedMail | None:
    """Makes a mail due now: one that waits, or one that failed. Returns None for any other.

    A worker that is sending it loses it, so it may be sent twice, with the same Message-ID. A mail that failed has 24
    hours again; it is not sent again if the same mail waits by now.
    """
    now = utc_now()
    due = {"requested_at": now, "due_at": now, "attempts": 0, "lease": None}

    async def reopen() -> bool:
        if await Delivery.filter(id=mail_id, pending_key__isnull=False).update(**due):
            await record(actor, EventKind.MAIL_RETRIED, subject=mail_id)
            return True
        delivery = await Delivery.filter(id=mail_id, outcome__in=_FAILED).select_for_update().get_or_none()
        if delivery is None:
            return False
        delivery.update_from_dict({**due, "finished_at": None, "outcome": None, "reason": None})
        of = str(delivery.registration_id or (delivery.id if delivery.facts else delivery.email_key))
        delivery.pending_key = f"{delivery.kind}:{of}"
        await delivery.save()
        await record(actor, EventKind.MAIL_RETRIED, subject=mail_id)
        return True

    try:
        return await get(mail_id) if await atomically(reopen) else None
    except IntegrityError:  # the same mail was requested again
        return None


async def drop(actor: Actor, mail_id: UUID) -> bool:
    """Deletes a mail that waits. A worker that has claimed it notices before it issues a secret."""

    async def delete() -> bool:
        deleted = bool(await Delivery.filter(id=mail_id, pending_key__isnull=False).delete())
        if deleted:
            await record(actor, EventKind.MAIL_DROPPED, subject=mail_id)
        return deleted

    return await atomically(delete)


def _of(email_key: str | None) -> QuerySet[Delivery]:
    return Delivery.filter(email_key=email_key) if email_key else Delivery.all()


def _view(delivery: Delivery) -> QueuedMail:
    return QueuedMail(
        id=delivery.id,
        kind=delivery.kind,
        email=delivery.email_key,
        registration_id=delivery.registration_id,
        requested_at=delivery.requested_at,
        due_at=delivery.due_at,
        attempts=delivery.attempts,
        claimed=delivery.lease is not None,
        finished_at=delivery.finished_at,
        outcome=delivery.outcome,
        reason=delivery.reason,
    )
