"""What recovery mailed: a second way in until it expires."""

from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from models.mailed_password import MailedPassword
from services.secrets import digest
from services.validation.password import canonical_mailed_password


def alive(account_id: UUID, typed: str, now: datetime) -> QuerySet[MailedPassword]:
    """The account's mailed password that was typed, used before or not, where there is one."""
    return MailedPassword.filter(
        digest=digest(canonical_mailed_password(typed)), account_id=account_id, expires_at__gt=now
    )
