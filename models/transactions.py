"""Runs transactions, and retries those that changed nothing."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tortoise.transactions import in_transaction

from models.outage import is_conflict, is_lost_connection

T = TypeVar("T")

_ATTEMPTS = 3
_MAX_PAUSE_SECONDS = 0.05  # random, so that the conflicting transactions do not collide again


async def atomically(work: Callable[[], Awaitable[T]]) -> T:
    """Runs `work` in a transaction, and rolls it back if `work` raises.

    Retries after a conflict with another transaction or a connection lost before the commit. If the connection is lost
    during the commit, the outcome is unknown, so the error is raised.
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
        await asyncio.sleep(random.uniform(0, _MAX_PAUSE_SECONDS))  # noqa: S311
    raise AssertionError("unreachable")
