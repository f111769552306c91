from tortoise import fields
from tortoise.models import Model


class RetainedPayment(Model):
    """What tax law keeps of a payment whose account was deleted: the money, and to whom it was invoiced.

    It has the payment's id, and neither an e-mail nor the account's id. The cleanup deletes it after `retained_until`.
    """

    id = fields.UUIDField(primary_key=True)
    rfc = fields.CharField(max_length=13, db_index=True)
    legal_name = fields.CharField(max_length=300, null=True)
    tax_regime = fields.CharField(max_length=3, null=True)
    postal_code = fields.CharField(max_length=5, null=True)
    method = fields.CharField(max_length=16)
    status = fields.CharField(max_length=16)
    plan_id = fields.CharField(max_length=40)
    subtotal = fields.DecimalField(max_digits=14, decimal_places=2)
    tax = fields.DecimalField(max_digits=14, decimal_places=2)
    currency = fields.CharField(max_length=3)
    created_at = fields.DatetimeField()
    paid_at = fields.DatetimeField(null=True)
    paid_by = fields.CharField(max_length=80, null=True)
    refunded_at = fields.DatetimeField(null=True)
    refunded_by = fields.CharField(max_length=80, null=True)
    undone_at = fields.DatetimeField(null=True)
    undone_by = fields.CharField(max_length=80, null=True)
    reference = fields.CharField(max_length=20, null=True)
    paypal_order_id = fields.CharField(max_length=36, null=True)
    paypal_capture_id = fields.CharField(max_length=36, null=True)
    deleted_at = fields.DatetimeField()
    retained_until = fields.DatetimeField(db_index=True)

    class Meta:
        table = "retained_payment"
        indexes = (("paid_at",), ("refunded_at",), ("undone_at",))
