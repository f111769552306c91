from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.payment import Payment


class BankMovement(Model):
    """A movement of the bank's statement with a payment's reference and amount, kept so that it counts once.

    `id` is a digest of what distinguishes it from other movements. `payment` is the payment with its reference.
    `counted_as` is the payment that it paid, the same one or another one; it is null while a person has to decide.
    """

    id = fields.CharField(max_length=64, primary_key=True)
    payment: fields.ForeignKeyRelation[Payment] = fields.ForeignKeyField(
        "accounts.Payment", related_name="movements", on_delete=fields.RESTRICT, db_index=True
    )
    payment_id: UUID
    counted_as: fields.OneToOneNullableRelation[Payment] = fields.OneToOneField(
        "accounts.Payment", related_name="movement", on_delete=fields.RESTRICT, null=True
    )
    counted_as_id: UUID | None
    day = fields.DateField(null=True)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "bank_movement"
