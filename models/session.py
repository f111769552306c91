from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Session(Model):
    """One logged-in device. The row lives as long as the session: ending one deletes it.

    `expires_at` is the earlier of its idle and its absolute end, and moves with `last_seen_at`. `proved_at` is when the
    person last proved to own the account, and null if they never did so in this session.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="sessions", on_delete=fields.CASCADE
    )
    account_id: UUID
    digest = fields.CharField(max_length=64, unique=True)
    password_change_required = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    proved_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(db_index=True)
    user_agent = fields.CharField(max_length=255, null=True)
    device_name = fields.CharField(max_length=100, null=True)
    ip_address = fields.CharField(max_length=45, null=True)

    class Meta:
        table = "session"
        indexes = (("account_id", "last_seen_at"),)
