from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Series(Model):
    """A run of folios of an account's invoices. The empty name is one, too.

    `last_taken` is one less than `first_folio` until the first is taken. `last_folio` is null for an open end.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="series", on_delete=fields.CASCADE
    )
    account_id: UUID
    name = fields.CharField(max_length=25)
    first_folio = fields.BigIntField()
    last_folio = fields.BigIntField(null=True)
    last_taken = fields.BigIntField()
    approval_number = fields.BigIntField(null=True)
    approval_year = fields.IntField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "series"
        unique_together = (("account_id", "name"),)
