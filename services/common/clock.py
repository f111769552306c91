import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], datetime]
MEXICO = timezone(timedelta(hours=-6))
"""Most of it, such as America/Mexico_City, and without summer time since 2022."""


def utc_now() -> datetime:
    return datetime.now(UTC)


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Waits for half to once and a half of `seconds`, or until `stopped`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds * (0.5 + random.random()))  # noqa: S311
