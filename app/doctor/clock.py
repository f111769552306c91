"""Check of this machine's clock against those of the database and Redis."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from redis.exceptions import RedisError
from tortoise.connection import get_connection

from app.doctor.database import opened as opened_database
from app.doctor.finding import Deployment, Finding, ok, problem, skipped, warning
from app.doctor.redis import opened as opened_redis
from models.outage import DATABASE_ERRORS
from models.sql import fetch

_NOTICEABLE_SECONDS = 2.0
_HARMFUL_SECONDS = 30.0  # captchas live for five minutes, leases of mails for two
_ADVICE = "Run a time service such as chrony on both machines."


async def check_clock(deployment: Deployment) -> Sequence[Finding]:
    measured = await asyncio.gather(_of_database(deployment), _of_redis(deployment))
    names = ("the database", "Redis")
    offsets = {name: offset for name, offset in zip(names, measured, strict=True) if offset is not None}
    if not offsets:
        return [skipped("no other clock can be read")]
    found = [finding for name, offset in offsets.items() if (finding := finding_of(name, offset))]
    largest = max(abs(offset) for offset in offsets.values())
    return found or [ok(f"within {largest:.1f} s of {' and '.join(offsets)}")]


def finding_of(name: str, offset: float) -> Finding | None:
    """Returns None for what nobody notices; `offset` is in seconds."""
    if abs(offset) < _NOTICEABLE_SECONDS:
        return None
    text = f"{name} is {abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine"
    return problem(text, _ADVICE) if abs(offset) >= _HARMFUL_SECONDS else warning(text, _ADVICE)


async def _of_database(deployment: Deployment) -> float | None:
    """Returns None for SQLite, which has this machine's clock."""
    url = deployment.settings.database_url
    if url is None or url.get_secret_value().startswith("sqlite"):
        return None
    try:
        async with opened_database(deployment.settings):
            await get_connection("default").execute_query("SELECT 1")  # connecting takes time of its own
            return await _offset(_database_seconds)
    except DATABASE_ERRORS:
        return None


async def _of_redis(deployment: Deployment) -> float | None:
    if deployment.settings.redis_url is None:
        return None
    try:
        async with opened_redis(deployment.settings.redis_url.get_secret_value()) as redis:
            await redis.ping()

            async def seconds() -> float:
                whole, millionths = await redis.time()
                return float(whole + millionths / 1e6)

            return await _offset(seconds)
    except (RedisError, OSError):
        return None


async def _offset(read: Callable[[], Awaitable[float]]) -> float:
    """Returns by how many seconds the other clock is ahead, as it was halfway through asking."""
    before = time.time()
    theirs = await read()
    return theirs - (before + time.time()) / 2


async def _database_seconds() -> float:
    (row,) = await fetch("SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds")
    return float(row["seconds"])
