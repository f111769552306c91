"""A deletion that is to come, as the account keeps it; `services/support/account_deletion.py` does it."""

from models.account import Account

COLUMNS = ("deletion_requested_at", "deletion_due_at", "deletion_turn_at")


async def clear(account: Account) -> None:
    """Takes the deletion of a locked account back, in the caller's transaction, which cancels BEFORE_DELETION first."""
    account.deletion_requested_at = account.deletion_due_at = account.deletion_turn_at = None
    await account.save(update_fields=COLUMNS)
