from tortoise import fields
from tortoise.models import Model


class LimitCounter(Model):
    """How often one subject met one limit in a fixed window, which ends at `expires_at` (Unix seconds)."""

    key = fields.CharField(max_length=128, primary_key=True)
    count = fields.IntField()
    expires_at = fields.FloatField(db_index=True)

    class Meta:
        table = "limit_counter"
