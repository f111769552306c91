import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Waits for half to once and a half of `seconds`, or until `stopped`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds * (0.5 + random.random()))  # noqa: S311
