"""The default storage of limits: one statement per hit in the database that all processes share."""

import time

from limits.aio.storage import Storage

from models.limit_counter import LimitCounter
from models.outage import DATABASE_ERRORS
from models.sql import fetch

_HIT = """
INSERT INTO limit_counter (key, count, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET
  count = EXCLUDED.count + CASE WHEN limit_counter.expires_at > $4 THEN limit_counter.count ELSE 0 END,
  expires_at = CASE WHEN limit_counter.expires_at > $4 THEN limit_counter.expires_at ELSE EXCLUDED.expires_at END
RETURNING count
"""


class DatabaseStorage(Storage):
    STORAGE_SCHEME = ["async+database"]  # noqa: RUF012  # as the base class declares it

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return DATABASE_ERRORS

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        rows = await fetch(_HIT, key, amount, now + expiry, now)
        return int(rows[0]["count"])

    async def get(self, key: str) -> int:
        counter = await LimitCounter.get_or_none(key=key, expires_at__gt=time.time())
        return counter.count if counter else 0

    async def get_expiry(self, key: str) -> float:
        counter = await LimitCounter.get_or_none(key=key, expires_at__gt=time.time())
        return counter.expires_at if counter else time.time()

    async def check(self) -> bool:
        await fetch("SELECT 1")
        return True

    async def reset(self) -> int:
        return await LimitCounter.all().delete()

    async def clear(self, key: str) -> None:
        await LimitCounter.filter(key=key).delete()
