"""Transactions that are tried again where nothing of them was done."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tortoise.transactions import in_transaction

from models.outage import is_conflict, is_lost_connection

T = TypeVar("T")

_ATTEMPTS = 3
_PAUSE = 0.05  # seconds at the most, so that those who met do not meet again


async def atomically(work: Callable[[], Awaitable[T]]) -> T:
    """Does `work` in a transaction; what it raises undoes it.

    A conflict with another transaction, or a connection that was lost before the commit, begins it anew. Where the
    connection was lost in the commit nobody knows what was done: then the error is raised.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        committing = False
        try:
            async with in_transaction():
                result = await work()
                committing = True
            return result
        except Exception as error:
            again = is_conflict(error) or (is_lost_connection(error) and not committing)
            if not again or attempt == _ATTEMPTS:
                raise
        await asyncio.sleep(random.uniform(0, _PAUSE))  # noqa: S311
    raise AssertionError("unreachable")
