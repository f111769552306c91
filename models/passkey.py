from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Passkey(Model):
    """A WebAuthn credential of an account, as its authenticator registered it.

    `credential_id` and `public_key` (a COSE key) are base64url. `transports` are separated by commas. A counter that
    stays 0 is not kept by the authenticator. `backup_eligible` says whether the passkey may be synced between devices,
    and never changes, and `backed_up` whether it was at the last use.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="passkeys", on_delete=fields.CASCADE
    )
    account_id: UUID
    credential_id = fields.CharField(max_length=1364, unique=True)
    public_key = fields.CharField(max_length=1400)
    sign_count = fields.BigIntField()
    backup_eligible = fields.BooleanField()
    backed_up = fields.BooleanField()
    transports = fields.CharField(max_length=100)
    aaguid = fields.CharField(max_length=36)
    nickname = fields.CharField(max_length=100, null=True)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "passkey"
        indexes = (("account_id", "created_at"),)
