from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Series(Model):
    """A series of folios for an account's invoices. Its name may be empty, but is unique in the account.

    `last_taken` is one less than `first_folio` until the first folio is taken. `last_folio` is null if the series
    has no end.
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
