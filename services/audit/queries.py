"""Reads the audit trail, newest first."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from models.account import Account
from models.audit_event import AuditEvent
from services.audit.actors import Actors


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as an operator sees it. Of an attempt, `email` is a keyed digest."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    account_id: UUID | None
    email: str | None
    client: str | None
    agent: str | None
    subject: str | None
    detail: str | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def events(
    actors: Actors, limit: int, *, email_key: str | None = None, since: datetime | None = None
) -> list[EventView]:
    """Returns the events of an e-mail, with its account's, or else all events; at most `limit`, from `since` on."""
    later = {"at__gte": since} if since else {}
    if email_key is None:
        return await _newest(AuditEvent.filter(**later), limit)
    # Two searches, each in the order of its own index.
    found = await _newest(AuditEvent.filter(email=actors.email(email_key), **later), limit)
    if account := await Account.get_or_none(email_key=email_key).only("id"):
        of_account = AuditEvent.filter(account_id=account.id, **later)
        found = list({event.id: event for event in [*found, *await _newest(of_account, limit)]}.values())
    return sorted(found, key=lambda event: event.at, reverse=True)[:limit]


async def _newest(found: QuerySet[AuditEvent], limit: int) -> list[EventView]:
    rows = await found.order_by("-at").limit(limit).values(*EventView.__dataclass_fields__)
    return [EventView(**row) for row in rows]
