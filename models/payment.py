from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class Payment(Model):
    """What an account pays, or was asked to pay, for one period of a plan, with the price as it was then.

    `open_key` is "method:account_id" while the payment can be paid, and null afterwards. Since it is unique, repeated
    requests make one payment. `due_at` is when a worker next checks or deletes the payment, or null if it never has to.
    Code that processes a payment sets it first, so it also serves as the version for optimistic locking.

    `paid_by` and the other `…_by` name the actor as the audit trail does. `closed_at` is set while the payment is ended
    and unpaid; `refunded_at` or `undone_at` while it is taken back, the latter by an operator who undid a deposit.

    `stamps` is how many it brings once it is paid, and `stamps_used` how many of them reservations have taken.

    `paypal_refusals` counts PayPal's refusals of the capture; the request after each one needs a new id. Once
    `paypal_declined` is set, only the payer can retry.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="payments", on_delete=fields.RESTRICT, db_index=True
    )
    account_id: UUID
    method = fields.CharField(max_length=16)
    status = fields.CharField(max_length=16)
    open_key = fields.CharField(max_length=64, unique=True, null=True)
    plan_id = fields.CharField(max_length=40)
    subtotal = fields.DecimalField(max_digits=14, decimal_places=2)
    tax = fields.DecimalField(max_digits=14, decimal_places=2)
    currency = fields.CharField(max_length=3)
    stamps = fields.IntField()
    stamps_used = fields.IntField(default=0, db_default=0)
    period_months = fields.IntField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    paid_at = fields.DatetimeField(null=True)
    paid_by = fields.CharField(max_length=80, null=True)
    refunded_at = fields.DatetimeField(null=True)
    refunded_by = fields.CharField(max_length=80, null=True)
    undone_at = fields.DatetimeField(null=True)
    undone_by = fields.CharField(max_length=80, null=True)
    closed_at = fields.DatetimeField(null=True)
    closed_by = fields.CharField(max_length=80, null=True)
    reference = fields.CharField(max_length=20, unique=True, null=True)
    paypal_order_id = fields.CharField(max_length=36, unique=True, null=True)
    paypal_refusals = fields.IntField(default=0)
    paypal_declined = fields.BooleanField(default=False)
    paypal_capture_id = fields.CharField(max_length=36, unique=True, null=True)
    approval_url = fields.CharField(max_length=1000, null=True)

    class Meta:
        table = "payment"
        indexes = (("paid_at",), ("refunded_at",), ("undone_at",))
