from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.login_challenge import LoginChallenge
from models.session import Session


class PasskeyChallenge(Model):
    """A WebAuthn challenge that waits for its answer, by its SHA-256, for one purpose. Using it deletes it.

    It ends with the session or the login that it is bound to. One to sign in with is bound to neither.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    purpose = fields.CharField(max_length=16)
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "accounts.Session", related_name="passkey_challenges", on_delete=fields.CASCADE, db_index=True, null=True
    )
    session_id: UUID | None
    login: fields.ForeignKeyNullableRelation[LoginChallenge] = fields.ForeignKeyField(
        "accounts.LoginChallenge", related_name="passkey_challenges", on_delete=fields.CASCADE, db_index=True, null=True
    )
    login_id: str | None
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "passkey_challenge"
