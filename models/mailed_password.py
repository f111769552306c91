from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class MailedPassword(Model):
    """The SHA-256 of a password that recovery mailed, which also logs in until it expires."""

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="mailed_passwords", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    expires_at = fields.DatetimeField(db_index=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "mailed_password"
