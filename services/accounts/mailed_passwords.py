"""The first use of a mailed password."""

from datetime import datetime

from models.account import Account
from models.export_link import ExportLink
from models.mailed_password import MailedPassword
from models.session import Session
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.events.facts import EventType
from services.events.publishing import publish
from services.mail.outbox import MailKind, enqueue


class OutdatedError(Exception):
    """What was verified was changed or used before the session opened."""


async def use_mailed_password(actor: Actor, account: Account, digest: str, now: datetime) -> datetime:
    """Returns when it expires, in the caller's transaction. Raises OutdatedError if it has ended.

    Its first use ends the account's password, all sessions, other mailed passwords, and the export link. Passkeys stay.
    """
    typed = MailedPassword.filter(digest=digest, expires_at__gt=now)
    first = await typed.filter(used_at__isnull=True).update(used_at=now)
    mailed = await typed.get_or_none()
    if mailed is None:
        raise OutdatedError
    if not first:
        return mailed.expires_at
    account.password_hash = None
    account.password_generation += 1
    await account.save(update_fields=["password_hash", "password_generation"])
    ended = await Session.filter(account_id=account.id).delete()
    await MailedPassword.filter(account_id=account.id).exclude(digest=digest).delete()
    await ExportLink.filter(account_id=account.id).delete()
    await enqueue(MailKind.MAILED_PASSWORD_USED, account.email_key)
    await record(actor, EventKind.RECOVERED, account.id)
    await publish(account.id, EventType.PASSWORD_CHANGED)
    if ended:
        await publish(account.id, EventType.SESSIONS_REVOKED)
    return mailed.expires_at
