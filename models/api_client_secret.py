from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.api_client import ApiClient


class ApiClientSecret(Model):
    """The SHA-256 of a client's secret. Several may be alive during a rotation.

    `expires_at` is null until another secret replaces it. `last_used_at` may be a minute late.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    client: fields.ForeignKeyRelation[ApiClient] = fields.ForeignKeyField(
        "accounts.ApiClient", related_name="secrets", on_delete=fields.CASCADE, db_index=True
    )
    client_id: UUID
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True, db_index=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_client_secret"
