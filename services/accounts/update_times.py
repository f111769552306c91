"""Fills in `account.updated_at` for accounts that an earlier version created."""

from datetime import datetime, timedelta
from uuid import UUID

from models.sql import as_uuid, fetch, is_sqlite

_RECENT = timedelta(days=1)

# An account that a node of the earlier version has just created becomes the newest, since clients may already have read
# beyond the time at which it was confirmed.
_FILL_IN = """
UPDATE account SET updated_at = CASE WHEN confirmed_at > $2 THEN $1 ELSE {latest}(
  confirmed_at,
  COALESCE(active_since, confirmed_at),
  COALESCE((SELECT company.updated_at FROM company WHERE company.account_id = account.id), confirmed_at)
) END
WHERE updated_at IS NULL
  AND id IN (SELECT id FROM account WHERE updated_at IS NULL AND id > $3 ORDER BY id LIMIT $4)
RETURNING id
"""
START = UUID(int=0)


async def fill_in_update_times(now: datetime, after: UUID, count: int) -> UUID | None:
    """Sets the latest known time of at most `count` accounts, and returns the last one's id. None if there are none.

    Begin with START, and go on after the last id: PostgreSQL would go through what each earlier batch has changed.
    """
    statement = _FILL_IN.format(latest="MAX" if is_sqlite() else "GREATEST")
    rows = await fetch(statement, now, now - _RECENT, str(after), count)
    return max((as_uuid(row["id"]) for row in rows), default=None)
