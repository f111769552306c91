from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.indexes import PartialIndex


class Event(Model):
    """What happened to an account, for the products that stand on it.

    Rows are added, get a position once, and are deleted when their retention ends.

    `id` orders the events of one account as their transactions were committed; those of different accounts may become
    visible in another order. `position` is the place in the feed: `services/events/sequencing.py` sets it once the row
    is committed. `event_id` is what others see.

    `account_id` is no foreign key, since an event outlives its account. `details` holds names and ids, no secret and
    nothing that a person typed.
    """

    id = fields.BigIntField(primary_key=True)
    event_id = fields.UUIDField(unique=True)
    position = fields.BigIntField(unique=True, null=True)
    type = fields.CharField(max_length=32)
    account_id = fields.UUIDField(db_index=True)
    occurred_at = fields.DatetimeField(db_index=True)
    details: Any = fields.JSONField()

    class Meta:
        table = "event"
        indexes = (
            PartialIndex(fields=("id",), absent="position", name="idx_event_without_position"),
            PartialIndex(fields=("type", "position"), present="position", name="idx_event_type_position"),
        )
