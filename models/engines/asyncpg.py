"""PostgreSQL for Tortoise 1.1.9: no request waits forever, and a cancelled task releases its connection.

Tortoise chooses its migration editor by the word "asyncpg" in this module's name.
"""

import asyncio
from collections.abc import Mapping, Sequence
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

from models.engines.pool import Connection, Pool
from models.outage import POSTGRESQL_ERRORS

_ROLLBACK_SECONDS = 2.0  # after which the connection is dropped


class _PooledConnection(PoolConnectionWrapper[Any]):
    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await self.client._pool.take()
        return self.connection

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        await self.client._pool.give_back(self.connection, failed=exc_type is not None)


class _TransactionContext(TransactionContextPooled):
    client: Any
    token: Any

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        connection = self.client._connection = await pool.take()
        try:
            await self.client.begin()
        except BaseException:
            await pool.give_back(connection, failed=True)  # it rolls back, and is shielded
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        transaction: TransactionalDBClient = self.client
        return transaction

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        committed = False
        try:
            if self.client._finalized:
                return
            if exc_type is None:
                await self.client.commit()
                committed = True
            else:
                await self._roll_back()
        finally:
            get_connections().reset(self.token)
            await self.client._parent._pool.give_back(self.client._connection, failed=not committed)

    async def _roll_back(self) -> None:
        """Rolls back without raising, so that the original error is raised and not that of a dead connection."""
        try:
            async with asyncio.timeout(_ROLLBACK_SECONDS):
                await self.client.rollback()
        except POSTGRESQL_ERRORS:
            with suppress(asyncpg.InterfaceError):  # a lost connection is already back in the pool
                self.client._connection.terminate()


class Client(AsyncpgDBClient):
    connection_class = Connection
    _pool: Pool | None
    transaction_class: ClassVar[type[TransactionWrapper]] = TransactionWrapper

    async def create_pool(self, **options: Any) -> Pool:
        pool: Pool = await Pool(**options)
        return pool

    async def fetch(self, query: str, values: Sequence[object]) -> Sequence[Mapping[str, Any]]:
        """Returns the rows of a statement, which is a transaction of its own."""
        self.log.debug("%s: %s", query, values)
        if self._pool:
            return await self._pool.fetch(query, *values)
        async with self.acquire_connection() as connection:  # creates the pool
            rows: list[asyncpg.Record] = await connection.fetch(query, *values)
            return rows

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(self.transaction_class(self), self._pool_init_lock)


client_class = Client
