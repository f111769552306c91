from tortoise import fields
from tortoise.models import Model


class Registration(Model):
    """What a person typed in step 1, until a code from the mailbox turns it into an account.

    `id` is derived from the e-mail and the password's hash, so a person who sends the same e-mail and password again
    has one registration. `mailed_at` is when the last mail about it was sent. `privacy_notice` is the version that was
    accepted at `created_at`.
    """

    id = fields.UUIDField(primary_key=True)
    email_key = fields.CharField(max_length=254)
    email = fields.CharField(max_length=254)
    rfc = fields.CharField(max_length=13)
    password_hash = fields.CharField(max_length=255)
    language = fields.CharField(max_length=2)
    created_at = fields.DatetimeField(db_index=True)
    mailed_at = fields.DatetimeField(null=True)
    privacy_notice = fields.CharField(max_length=40, null=True)

    class Meta:
        table = "registration"
        indexes = (("email_key", "created_at"),)
