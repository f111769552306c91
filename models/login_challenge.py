from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class LoginChallenge(Model):
    """A login whose password was right and whose second factor is awaited, by the SHA-256 of its token.

    `password_generation` is that of the password that was verified, and `mailed_digest` the mailed password instead,
    which is used only when the session opens. `failures` counts wrong codes.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="login_challenges", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    password_generation = fields.IntField()
    mailed_digest = fields.CharField(max_length=64, null=True)
    device_name = fields.CharField(max_length=100, null=True)
    failures = fields.IntField(default=0)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "login_challenge"
