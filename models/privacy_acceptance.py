from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account


class PrivacyAcceptance(Model):
    """Which version of the privacy notice the owner of an account accepted, and when: the first time that they did."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="privacy_acceptances", on_delete=fields.CASCADE
    )
    account_id: UUID
    version = fields.CharField(max_length=40)
    accepted_at = fields.DatetimeField()

    class Meta:
        table = "privacy_acceptance"
        unique_together = (("account_id", "version"),)
