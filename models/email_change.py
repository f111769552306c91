from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class EmailChange(Model):
    """A change of an account's e-mail that its owner asked for.

    `open_key` is the account's id until the change is made, and null afterwards. Since it is unique, an account has at
    most one open change. `password_generation` is the account's when it was asked for: once the password changes, an
    open change is void. `changed_at` is set when it is made. The row lives as long as one of its codes may.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="email_changes", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    open_key = fields.CharField(max_length=36, unique=True, null=True)
    password_generation = fields.IntField()
    old_email = fields.CharField(max_length=254)
    new_email = fields.CharField(max_length=254)
    requested_at = fields.DatetimeField()
    changed_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "email_change"
