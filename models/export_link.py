from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class ExportLink(Model):
    """The SHA-256 of the token in a mailed link to what is kept about a person. A new link replaces an earlier one.

    The row is deleted once its file was sent. `claimed_until` is set while a request sends it, and in the past if that
    one was killed.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.OneToOneField(
        "accounts.Account", related_name="export_link", on_delete=fields.CASCADE
    )
    account_id: UUID
    expires_at = fields.DatetimeField(db_index=True)
    claimed_until = fields.DatetimeField(null=True)

    class Meta:
        table = "export_link"
