"""How many deletions of accounts are overdue, and since when."""

from dataclasses import dataclass
from datetime import datetime

from models.sql import as_datetime, fetch
from services.common.clock import utc_now
from services.support.account_deletion import RETRY_AFTER

# By the index of turns: whoever is overdue has one within the time after which a worker looks again.
_SELECT = """
SELECT COUNT(*) AS waiting, MIN(deletion_due_at) AS oldest FROM account
WHERE deletion_turn_at <= $2 AND NOT "deletion_turn_at" IS NULL AND deletion_due_at <= $1
"""


@dataclass(frozen=True, slots=True)
class DeletionBacklog:
    """The accounts whose day has come; `oldest` is that of the first one, or None."""

    waiting: int
    oldest: datetime | None


async def deletion_backlog() -> DeletionBacklog:
    now = utc_now()
    (row,) = await fetch(_SELECT, now, now + RETRY_AFTER)
    return DeletionBacklog(row["waiting"], row["oldest"] and as_datetime(row["oldest"]))
