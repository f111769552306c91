"""How many mails wait in the outbox, and since when."""

from dataclasses import dataclass
from datetime import datetime

from models.sql import as_datetime, fetch

# By an index of pending mails only.
_SELECT = """
SELECT kind, COUNT(*) AS waiting, MIN(requested_at) AS oldest FROM delivery
WHERE NOT "pending_key" IS NULL GROUP BY kind
"""


@dataclass(frozen=True, slots=True)
class MailBacklog:
    """The mails of a kind that wait; `oldest` is when the first of them was asked for."""

    kind: str
    waiting: int
    oldest: datetime


async def mail_backlog() -> list[MailBacklog]:
    rows = await fetch(_SELECT)
    return [MailBacklog(row["kind"], row["waiting"], as_datetime(row["oldest"])) for row in rows]
