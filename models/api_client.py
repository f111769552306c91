from tortoise import fields
from tortoise.models import Model


class ApiClient(Model):
    """A back end that calls the API in its own name. The row stays when it is revoked, so no name is given twice.

    `scopes` are those of `services/access/clients.py`, with spaces between them.
    """

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=40, unique=True)
    scopes = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_client"
