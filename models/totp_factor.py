from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class TotpFactor(Model):
    """An app that shows codes (RFC 6238), pending until its first code confirms it. An account has at most one.

    `key` is encrypted. `last_step` is the time step of the last code that was accepted, so that none counts twice.
    `failures` counts wrong codes since then.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.OneToOneField(
        "accounts.Account", related_name="totp_factor", on_delete=fields.CASCADE
    )
    account_id: UUID
    key = fields.CharField(max_length=255)
    created_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)
    last_step = fields.BigIntField(null=True)
    failures = fields.IntField(default=0)

    class Meta:
        table = "totp_factor"
