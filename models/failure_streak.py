from tortoise import fields
from tortoise.models import Model


class FailureStreak(Model):
    """Wrong passwords in a row for an e-mail in one of its two lockouts, the last at `touched_at` (Unix seconds)."""

    key = fields.CharField(max_length=80, primary_key=True)
    count = fields.IntField()
    touched_at = fields.FloatField(db_index=True)

    class Meta:
        table = "failure_streak"
