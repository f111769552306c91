"""Cancels work that is under way."""

import asyncio
from collections.abc import Awaitable
from typing import Any


async def cancelled(task: asyncio.Future[Any]) -> bool:
    """Cancels the task, waits for its end, and returns whether it had not finished before."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return task.cancelled()


async def cancelled_after(steps: int, work: Awaitable[Any]) -> bool:
    """Cancels the work after that many steps of the event loop, and returns whether it had not finished by then."""
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        await asyncio.sleep(0)
        if task.done():
            break
    return await cancelled(task)
