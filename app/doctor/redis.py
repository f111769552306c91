"""Checks of Redis, if the limits are counted there."""

from collections.abc import Iterator, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from app.doctor.finding import Deployment, Finding, described, ok, problem, skipped, warning

_SECONDS = 3.0  # to connect, and for each answer
_MIN_MAJOR = 7
_PROBE_SECONDS = 10


async def check_redis(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    if settings.redis_url is None:
        return [skipped("REDIS_URL is not set: the limits are counted in the database")]
    try:
        async with opened(settings.redis_url.get_secret_value()) as redis:
            await redis.set(f"{settings.redis_key_prefix}:doctor", 1, ex=_PROBE_SECONDS)
            facts = await _facts(redis)
    except AuthenticationError as error:
        return [problem(f"refuses the user or password: {error}", "Correct REDIS_URL.")]
    except NoPermissionError as error:
        return [problem(f"refuses a command: {error}", "Allow the user of REDIS_URL to read, write and run scripts.")]
    except ResponseError as error:
        return [problem(f"cannot be written: {error}", "Make REDIS_URL lead to a primary that has memory and disk.")]
    except (RedisError, OSError) as error:
        text = f"cannot be reached: {described(error)}"
        return [problem(text, "Start Redis, or correct REDIS_URL; until then, limited operations answer UNAVAILABLE.")]
    found = list(_of(facts))
    version = facts.get("redis_version", "of unknown version")
    return found or [ok(f"Redis {version}; {_persistence(facts)}")]


def opened(url: str) -> Redis:
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=once)


async def _facts(redis: Redis) -> dict[str, Any]:
    """Returns nothing if the server does not say, as some hosted ones."""
    try:
        return dict(await redis.info())
    except ResponseError:
        return {}


def _of(facts: dict[str, Any]) -> Iterator[Finding]:
    major = str(facts.get("redis_version", _MIN_MAJOR)).partition(".")[0]
    if facts.get("server_name") != "valkey" and major.isdecimal() and int(major) < _MIN_MAJOR:
        yield warning(f"this is Redis {facts['redis_version']}", "Use Redis 7 or later, or Valkey.")
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        text = f"maxmemory-policy is {policy}, so that a full Redis forgets limits"
        yield warning(text, "Set maxmemory-policy to noeviction.")
    if "err" in (facts.get("rdb_last_bgsave_status"), facts.get("aof_last_write_status")):
        yield warning("it cannot write its files", "See its log and its disk: it may soon refuse writes.")


def _persistence(facts: dict[str, Any]) -> str:
    """Describes it, for it is a choice: without it, limits start over after a restart."""
    if facts.get("aof_enabled"):
        return "it keeps the counters over a restart"
    return "after a restart, the limits start over, or go on from its last snapshot"
