from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.registration import Registration


class ConfirmationCode(Model):
    """The SHA-256 of a mailed code. Several may be alive at once, and one use of any ends them all."""

    digest = fields.CharField(max_length=64, primary_key=True)
    registration: fields.ForeignKeyRelation[Registration] = fields.ForeignKeyField(
        "accounts.Registration", related_name="codes", on_delete=fields.CASCADE, db_index=True
    )
    registration_id: UUID
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "confirmation_code"
