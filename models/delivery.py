from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.indexes import PartialIndex


class Delivery(Model):
    """A row of the outbox: a mail of some kind to an e-mail, without its text.

    While the mail is pending, `pending_key` is "kind:email_key", or "kind:registration_id" for the mail of one
    registration; afterwards it is null. Since it is unique, repeated requests make one row. A worker owns the row
    while `lease` is its token, until `due_at`.

    `address` and `language` are set for a mail to somebody who has no account with that e-mail any more, and
    `email_change_id` for the code of a change of e-mail. `facts` are what a mail about one sign-in says of it, in words
    and numbers of ours. The `pending_key` of such a mail is "kind:id", since each of them is sent.
    """

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=32)
    email_key = fields.CharField(max_length=254, db_index=True)
    registration_id = fields.UUIDField(null=True)  # not a foreign key: sent mails are kept longer than registrations
    pending_key = fields.CharField(max_length=288, unique=True, null=True)
    requested_at = fields.DatetimeField()
    due_at = fields.DatetimeField(db_index=True)
    attempts = fields.IntField(default=0)
    counted = fields.BooleanField(default=False)
    lease = fields.UUIDField(null=True)
    finished_at = fields.DatetimeField(null=True, db_index=True)
    outcome = fields.CharField(max_length=16, null=True)
    reason = fields.CharField(max_length=500, null=True)
    address = fields.CharField(max_length=254, null=True)
    language = fields.CharField(max_length=2, null=True)
    email_change_id = fields.UUIDField(null=True)  # not a foreign key, either
    facts: Any = fields.JSONField(null=True)

    class Meta:
        table = "delivery"
        # Partial, since each claim would otherwise scan the finished rows, which are kept. By kind, so that a worker
        # can skip kinds that it does not know. Workers of older releases use the first one.
        indexes = (
            PartialIndex(fields=("due_at",), present="pending_key", name="idx_delivery_owed_due_at"),
            PartialIndex(fields=("kind", "due_at"), present="pending_key", name="idx_delivery_owed_kind_due"),
        )
