"""PostgreSQL for Tortoise 1.1.9: no request waits forever, and a cancelled task releases its connection.

Tortoise chooses its migration editor by the word "asyncpg" in this module's name.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any, ClassVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

_POOL_SECONDS = 5.0  # to wait for a connection
_CLEAN_UP_SECONDS = 2.0  # for a rollback, after which the connection is dropped


class PoolMonitor:
    """Notified when a connection is taken from the pool, with the seconds waited for it, and when it is returned."""

    def taken(self, waited: float) -> None: ...

    def given_back(self) -> None: ...


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is untyped
    def get_reset_query(self) -> str:
        """Returns no query: the service changes no session state, and asyncpg rolls back open transactions anyway."""
        return ""


class _PooledConnection(PoolConnectionWrapper[Any]):
    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await _take(self.client._pool)
        return self.connection

    async def __aexit__(self, *_: object) -> None:
        await _give_back(self.client._pool, self.connection)


class _TransactionContext(TransactionContextPooled):
    client: Any
    token: Any

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        connection = self.client._connection = await _take(pool)
        try:
            await self.client.begin()
        except BaseException:
            await _give_back(pool, connection)  # it rolls back, and is shielded
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        transaction: TransactionalDBClient = self.client
        return transaction

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        try:
            if self.client._finalized:
                return
            if exc_type is None:
                await self.client.commit()
            else:
                await self._roll_back()
        finally:
            get_connections().reset(self.token)
            await _give_back(self.client._parent._pool, self.client._connection)

    async def _roll_back(self) -> None:
        """Rolls back without raising, so that the original error is raised and not that of a dead connection."""
        try:
            async with asyncio.timeout(_CLEAN_UP_SECONDS):
                await self.client.rollback()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            with suppress(asyncpg.InterfaceError):  # a lost connection is already back in the pool
                self.client._connection.terminate()


class Client(AsyncpgDBClient):
    connection_class = _Connection
    transaction_class: ClassVar[type[TransactionWrapper]] = TransactionWrapper
    monitor: ClassVar[PoolMonitor] = PoolMonitor()

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(self.transaction_class(self), self._pool_init_lock)


async def _take(pool: Any) -> Any:
    start = time.perf_counter()
    # Starting a timer takes longer than getting an idle connection.
    connection = await pool.acquire(timeout=None if pool.get_idle_size() else _POOL_SECONDS)
    Client.monitor.taken(time.perf_counter() - start)
    return connection


async def _give_back(pool: Any, connection: Any) -> None:
    Client.monitor.given_back()
    await pool.release(connection, timeout=_CLEAN_UP_SECONDS)


client_class = Client
