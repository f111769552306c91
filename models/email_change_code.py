from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.email_change import EmailChange


class EmailChangeCode(Model):
    """The SHA-256 of a mailed code, which confirms the new e-mail of an open change, or reverts one that was made.

    Making a change deletes its codes before another is mailed, so that no code does both.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    email_change: fields.ForeignKeyRelation[EmailChange] = fields.ForeignKeyField(
        "accounts.EmailChange", related_name="codes", on_delete=fields.CASCADE, db_index=True
    )
    email_change_id: UUID
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "email_change_code"
