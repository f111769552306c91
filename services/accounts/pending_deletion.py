"""A deletion that is to come, as the account keeps it; `services/support/account_deletion.py` does it."""

from datetime import datetime, timedelta

from models.account import Account
from models.email_change import EmailChange

_REMIND_BEFORE = timedelta(days=1)
_COLUMNS = ("deletion_requested_at", "deletion_due_at", "deletion_turn_at")


async def schedule(account: Account, due_at: datetime, now: datetime) -> datetime:
    """Sets the day of a locked account's deletion, in the caller's transaction, and returns it.

    It is not before the old e-mail can no longer take a change back: a thief may have made that and asked for this.
    """
    made = EmailChange.filter(account_id=account.id, changed_at__isnull=False, expires_at__gt=due_at)
    if latest := await made.order_by("-expires_at").first():
        due_at = latest.expires_at
    account.deletion_requested_at = account.deletion_requested_at or now
    account.deletion_due_at = due_at
    account.deletion_turn_at = due_at - _REMIND_BEFORE if due_at - now > _REMIND_BEFORE else due_at
    await account.save(update_fields=_COLUMNS)
    return due_at


async def clear(account: Account) -> None:
    """Takes the deletion of a locked account back, in the caller's transaction, which cancels BEFORE_DELETION first."""
    account.deletion_requested_at = account.deletion_due_at = account.deletion_turn_at = None
    await account.save(update_fields=_COLUMNS)
