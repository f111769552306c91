from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class ConfirmedCode(Model):
    """The SHA-256 of a code of the registration that became this account, kept until the code would have expired."""

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="confirmed_codes", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "confirmed_code"
