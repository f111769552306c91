from tortoise import fields
from tortoise.models import Model


class SpentCaptcha(Model):
    """The id of a captcha that was answered, kept until no answer to it could count any more."""

    id = fields.CharField(max_length=80, primary_key=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "spent_captcha"
