from tortoise import fields
from tortoise.models import Model


class EventFeed(Model):
    """How far the feed of events reaches: one row, which whoever assigns or deletes positions locks.

    Positions up to `deleted_position` are gone. Both stay when the events are deleted, so that no position is used
    twice.
    """

    ID = 1

    id = fields.SmallIntField(primary_key=True)
    last_position = fields.BigIntField(default=0)
    deleted_position = fields.BigIntField(default=0)

    class Meta:
        table = "event_feed"
