from tortoise import fields
from tortoise.models import Model


class WebhookEndpoint(Model):
    """Where events are delivered, and how far.

    Events up to `position` are delivered, or are not of its `types` (separated by spaces; null for all). It is tried
    again at `due_at`, which is null while it is paused; while a worker has the `lease`, that is its end.

    `attempts` counts the failures in a row, the first of which was at `failing_since`. `secret_version` is the number
    of its signing secret; until `rotated_until`, the one before it signs, too.
    """

    id = fields.UUIDField(primary_key=True)
    url = fields.CharField(max_length=2000)
    types = fields.CharField(max_length=500, null=True)
    secret_version = fields.IntField(default=1)
    rotated_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    position = fields.BigIntField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    lease = fields.UUIDField(null=True)
    attempts = fields.IntField(default=0)
    failing_since = fields.DatetimeField(null=True)
    last_result = fields.CharField(max_length=100, null=True)
    delivered_at = fields.DatetimeField(null=True)
    paused_at = fields.DatetimeField(null=True)
    paused_because = fields.CharField(max_length=16, null=True)

    class Meta:
        table = "webhook_endpoint"
