from tortoise import fields
from tortoise.models import Model


class SpentCaptcha(Model):
    """The id of a captcha that was answered, kept until no answer to it could count any more.

    After a correct answer, `purpose` is a keyed digest of the operation that it was sent for, and `used` is set once
    that operation has succeeded. It is empty after a provider's refusal.
    """

    id = fields.CharField(max_length=80, primary_key=True)
    expires_at = fields.DatetimeField(db_index=True)
    purpose = fields.CharField(max_length=64, null=True)
    repeats = fields.IntField(default=0, db_default=0)
    used = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "spent_captcha"
