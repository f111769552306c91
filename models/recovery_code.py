from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class RecoveryCode(Model):
    """The keyed digest of a code for an owner without the second factor. Using it deletes it."""

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="recovery_codes", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    created_at: datetime | None = fields.DatetimeField(null=True)  # null: unknown

    class Meta:
        table = "recovery_code"
