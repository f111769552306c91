"""Verifies a code of the second factor, at login and in reauthenticate, and mails the owner about what is unusual."""

from datetime import datetime
from uuid import UUID

from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.factors.second_factors import FAILURES_TO_MAIL, ProofWay, SecondFactors, WrongCode
from services.mail.outbox import MailKind, enqueue


async def verify_code(
    factors: SecondFactors, actor: Actor, account_id: UUID, email_key: str, code: str, now: datetime
) -> ProofWay | WrongCode:
    """Accepts a code, once, in the caller's transaction, which should be committed for a wrong one, too."""
    way = await factors.verify(account_id, code, now)
    if way is ProofWay.RECOVERY_CODE:
        await enqueue(MailKind.RECOVERY_CODE_USED, email_key)
        await record(actor, EventKind.RECOVERY_CODE_USED, account_id)
    elif isinstance(way, WrongCode) and way.failures in FAILURES_TO_MAIL:
        await enqueue(MailKind.SECOND_FACTOR_FAILED, email_key)
    return way
