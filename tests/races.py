"""Requests that come while another one has not committed yet."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tortoise.transactions import in_transaction

Request = Callable[[], Awaitable[Any]]


async def uncommitted(first: Request, *others: Request) -> list[Any]:
    """Returns what the others answer that begin after the first has written and before it commits."""
    written = asyncio.Event()

    async def write() -> None:
        async with in_transaction():
            await first()
            written.set()
            await asyncio.sleep(0.3)

    async def follow(other: Request) -> Any:
        await written.wait()
        return await other()

    _, *answers = await asyncio.gather(write(), *map(follow, others))
    return answers
