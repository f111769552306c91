from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class RememberedDevice(Model):
    """A device on which login skips the second step, by the SHA-256 of its token.

    It counts until `expires_at`, and only while the account has the password of `password_generation`. `session_id` is
    the session that it opened last.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="remembered_devices", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    digest = fields.CharField(max_length=64, unique=True)
    password_generation = fields.IntField()
    session_id = fields.UUIDField()  # not a foreign key: a session may end earlier
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    device_name = fields.CharField(max_length=100, null=True)
    user_agent = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "remembered_device"
