"""Which payments are under way, and since when."""

from dataclasses import dataclass
from datetime import datetime

from models.sql import as_datetime, fetch

# By the unique index of open_key, which is null for payments that have ended.
_SELECT = """
SELECT method, status, COUNT(*) AS waiting, MIN(created_at) AS oldest FROM payment
WHERE open_key > '' GROUP BY method, status
"""


@dataclass(frozen=True, slots=True)
class PaymentBacklog:
    """The payments of a method and status that may still be paid; `oldest` is when the first of them was begun."""

    method: str
    status: str
    waiting: int
    oldest: datetime


async def payment_backlog() -> list[PaymentBacklog]:
    rows = await fetch(_SELECT)
    return [PaymentBacklog(row["method"], row["status"], row["waiting"], as_datetime(row["oldest"])) for row in rows]
