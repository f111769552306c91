from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.indexes import PartialIndex


class Account(Model):
    """A confirmed user: one e-mail, one RFC, at most one password.

    `password_hash` is null from the use of a mailed password until a new password is chosen. Every write of it
    increments `password_generation`, so that a request that verified an older password notices the change.

    `services/accounts/onboarding.py` defines the stages. `company_outdated` is set while the company's data belong to
    another type of taxpayer. The four columns before it describe the last payment, and are null before the first.
    `stamps_notice` is the last notice about few stamps, and null again once a payment brings more.

    `updated_at` is when the account last changed in a way that API clients see. What creates an account sets it, and
    every event about the account moves it, in the same transaction. It is null for accounts that an earlier version
    created, until cleanup sets it.

    `lapse_due_at` is the end of the paid time until that end is announced.

    `deletion_due_at` is when the account ends, if its owner asked for that at `deletion_requested_at`. At
    `deletion_turn_at`, a worker looks at it next.
    `second_factor_since` is set while the account has a second factor. It ends at `second_factor_ends_at`, if an
    operator has announced that.

    `devices_known` is false until the first login from which devices are remembered.
    """

    id = fields.UUIDField(primary_key=True)
    email_key = fields.CharField(max_length=254, unique=True)
    email = fields.CharField(max_length=254)
    rfc = fields.CharField(max_length=13)
    password_hash = fields.CharField(max_length=255, null=True)
    password_generation = fields.IntField(default=1)
    language = fields.CharField(max_length=2)
    created_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField()
    stage = fields.CharField(max_length=16, default="confirmed", db_default="confirmed")
    active_since = fields.DatetimeField(null=True)
    active_until = fields.DatetimeField(null=True)
    activated_by = fields.CharField(max_length=16, null=True)
    active_plan = fields.CharField(max_length=40, null=True)
    company_outdated = fields.BooleanField(default=False, db_default=False)
    lapse_due_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField(null=True)
    stamps_notice = fields.CharField(max_length=8, null=True)
    deletion_requested_at = fields.DatetimeField(null=True)
    deletion_due_at = fields.DatetimeField(null=True)
    deletion_turn_at = fields.DatetimeField(null=True)
    second_factor_since = fields.DatetimeField(null=True)
    second_factor_ends_at = fields.DatetimeField(null=True)
    devices_known = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "account"
        indexes = (
            Index(fields=("updated_at", "id")),
            Index(fields=("rfc",)),
            PartialIndex(fields=("lapse_due_at",), present="lapse_due_at", name="idx_account_lapse_due_at"),
            PartialIndex(fields=("deletion_turn_at",), present="deletion_turn_at", name="idx_account_deletion_turn_at"),
        )
