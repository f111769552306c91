from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Company(Model):
    """The data with which an account invoices."""

    id = fields.UUIDField(primary_key=True)
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "accounts.Account", related_name="company", on_delete=fields.CASCADE
    )
    account_id: UUID
    legal_name = fields.CharField(max_length=300)
    tax_regime = fields.CharField(max_length=3)
    postal_code = fields.CharField(max_length=5)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "company"
