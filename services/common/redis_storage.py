"""The storage of limits in Redis, for sites on which their writes strain the database."""

import asyncio
from collections.abc import Awaitable, Callable

from limits.aio.storage import RedisStorage
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

_CONNECTIONS = 50
_TIMEOUT = 1.0  # seconds, to connect and for each answer
_QUEUE_TIMEOUT = 2.0  # seconds to wait for one of the connections
_PROBE_TIMEOUT = 2.5
_BAD_CONNECTION = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, MasterDownError)
"""Errors after which a new connection may succeed, for another server may be the primary behind the same address."""


def redis_storage(url: str, key_prefix: str) -> tuple[RedisStorage, Callable[[], Awaitable[None]]]:
    """Returns the storage, and the function that closes it.

    A command that fails is sent once more, on a new connection, since only the old one may be bad. So a count may be
    one too high. While Redis hangs, a command fails after 2 to 5 seconds.
    """
    pool = BlockingConnectionPool.from_url(  # if all connections are in use, a command waits for one
        url,
        max_connections=_CONNECTIONS,
        timeout=_QUEUE_TIMEOUT,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), 1, _BAD_CONNECTION),
        # With these notifications, redis-py does not replace a pooled connection that was closed.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    storage = RedisStorage(
        url,
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix=key_prefix,
        connection_pool=pool,  # type: ignore[arg-type]  # it accepts a pool
    )
    return storage, pool.aclose


class RedisProbe:
    """Checks that Redis takes writes, on a connection beside the storage's, and never waits long."""

    def __init__(self, url: str, key_prefix: str) -> None:
        self._key = f"{key_prefix}:health"
        self._redis = Redis.from_url(
            url,
            single_connection_client=True,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 1, _BAD_CONNECTION),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )

    async def check(self) -> None:
        """Raises RedisError or TimeoutError."""
        async with asyncio.timeout(_PROBE_TIMEOUT):
            await self._redis.set(self._key, "", ex=60)

    async def aclose(self) -> None:
        await self._redis.aclose()
