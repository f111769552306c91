from tortoise import fields
from tortoise.models import Model

from models.indexes import PartialIndex


class Delivery(Model):
    """A row of the outbox: that a mail of some kind is owed to an e-mail, never its text.

    `pending_key` is "kind:email_key", or "kind:registration_id" for the mail of one registration, while the mail is
    owed and null afterwards; being unique it makes one row of many requests. A worker owns the row while `lease` holds
    its token, until `due_at`.
    """

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=32)
    email_key = fields.CharField(max_length=254, db_index=True)
    registration_id = fields.UUIDField(null=True)  # no foreign key: what was sent is kept for longer
    pending_key = fields.CharField(max_length=288, unique=True, null=True)
    requested_at = fields.DatetimeField()
    due_at = fields.DatetimeField(db_index=True)
    attempts = fields.IntField(default=0)
    counted = fields.BooleanField(default=False)
    lease = fields.UUIDField(null=True)
    finished_at = fields.DatetimeField(null=True, db_index=True)
    outcome = fields.CharField(max_length=16, null=True)
    reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "delivery"
        # Finished rows were due long ago and are kept: an index of those, too, would be walked through at each look.
        # By kind, so that a worker passes those by that it does not know. Older workers use the first.
        indexes = (
            PartialIndex(fields=("due_at",), present="pending_key", name="idx_delivery_owed_due_at"),
            PartialIndex(fields=("kind", "due_at"), present="pending_key", name="idx_delivery_owed_kind_due"),
        )
