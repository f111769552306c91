from tortoise import fields
from tortoise.models import Model


class Heartbeat(Model):
    """A worker process that runs, and when each of its loops last finished a turn.

    `events_at` and `webhooks_at` are null in the row of a release without these loops.
    """

    id = fields.UUIDField(primary_key=True)
    host = fields.CharField(max_length=255)
    beaten_at = fields.DatetimeField(db_index=True)
    mail_at = fields.DatetimeField()
    cleanup_at = fields.DatetimeField()
    payments_at = fields.DatetimeField()
    events_at = fields.DatetimeField(null=True)
    webhooks_at = fields.DatetimeField(null=True)

    class Meta:
        table = "heartbeat"
