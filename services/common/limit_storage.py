"""Where limits are counted: by default in the database that all processes share, or in Redis."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from limits.aio.storage import Storage
from limits.errors import StorageError

from models.limit_counter import LimitCounter
from models.outage import DATABASE_ERRORS
from models.sql import fetch

_ROUNDING_SECONDS = 1.0  # Redis returns whole seconds

# The rows of both statements are sorted by key, so that two requests never wait for each other.
_COUNT = """
INSERT INTO limit_counter (key, count, expires_at) VALUES {rows}
ON CONFLICT (key) DO UPDATE SET
  count = EXCLUDED.count + CASE WHEN limit_counter.expires_at > $1 THEN limit_counter.count ELSE 0 END,
  expires_at = CASE WHEN limit_counter.expires_at > $1 THEN limit_counter.expires_at ELSE EXCLUDED.expires_at END
RETURNING key, count
"""
_TAKE_BACK = """
WITH counted (key, latest_end) AS (VALUES {rows})
INSERT INTO limit_counter (key, count, expires_at)
SELECT limit_counter.key, 0, counted.latest_end FROM limit_counter JOIN counted ON counted.key = limit_counter.key
WHERE limit_counter.expires_at > $1 ORDER BY limit_counter.key
ON CONFLICT (key) DO UPDATE SET count = limit_counter.count - 1
WHERE limit_counter.count > 0 AND limit_counter.expires_at > $1 AND limit_counter.expires_at <= EXCLUDED.expires_at
RETURNING key
"""


@dataclass(frozen=True, slots=True)
class Window:
    """One subject's window of a limit, by its key in the storage. It lasts for `seconds` from its first count."""

    key: str
    seconds: int


class Counters(Protocol):
    async def count(self, windows: Sequence[Window]) -> list[int]:
        """Counts one in each of these different windows. Returns their counts, in this order."""

    async def take_back(self, windows: Sequence[Window], since: float) -> None:
        """Takes one back from each window, except from one that began after `since` (Unix seconds)."""


class DatabaseStorage(Storage):
    """Counts any number of windows with one statement."""

    STORAGE_SCHEME = ["async+database"]  # noqa: RUF012  # as the base class declares it

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return DATABASE_ERRORS

    async def count(self, windows: Sequence[Window]) -> list[int]:
        return await self._count(windows, 1)

    async def take_back(self, windows: Sequence[Window], since: float) -> None:
        ends = {each.key: since + _ROUNDING_SECONDS + each.seconds for each in windows}
        row = "(${}, CAST(${} AS double precision))"
        with _storage_errors():
            await fetch(_TAKE_BACK.format(rows=_rows(row, len(ends))), time.time(), *_flat(ends))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        (count,) = await self._count([Window(key, expiry)], amount)
        return count

    async def _count(self, windows: Sequence[Window], amount: int) -> list[int]:
        now = time.time()
        ends = {each.key: now + each.seconds for each in windows}
        statement = _COUNT.format(rows=_rows(f"(${{}}, {amount}, ${{}})", len(ends)))
        with _storage_errors():
            rows = await fetch(statement, now, *_flat(ends))
        counts = {str(row["key"]): int(row["count"]) for row in rows}
        return [counts[each.key] for each in windows]

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


class OneByOne:
    """Counts one window after the other, in any storage of the package `limits`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def count(self, windows: Sequence[Window]) -> list[int]:
        counts: list[int] = []
        try:
            for each in windows:
                counts.append(await self._storage.incr(each.key, each.seconds))
        except BaseException:  # a deadline, too
            with suppress(StorageError):
                await self.take_back(windows[: len(counts)], time.time())
            raise
        return counts

    async def take_back(self, windows: Sequence[Window], since: float) -> None:
        for each in windows:
            began = await self._storage.get_expiry(each.key) - each.seconds
            if began <= since + _ROUNDING_SECONDS and await self._storage.get(each.key) > 0:
                await self._storage.incr(each.key, each.seconds, -1)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Raises StorageError for an error of the database, as the package does in its own methods."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise StorageError(error) from error


def _rows(row: str, count: int) -> str:
    """Returns rows of two placeholders each, numbered from $2."""
    return ", ".join(row.format(number, number + 1) for number in range(2, 2 * count + 2, 2))


def _flat(ends: dict[str, float]) -> list[object]:
    """Returns keys and ends in turn, sorted by key."""
    return [value for pair in sorted(ends.items()) for value in pair]
