"""PostgreSQL for Tortoise 1.1.9: a task cancelled while a transaction begins gives its connection back.

Tortoise picks its migration editor by the word "asyncpg" in this module's name.
"""

import asyncio
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections


class _TransactionContext(TransactionContextPooled):
    client: Any
    token: Any

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        connection = self.client._connection = await pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            await asyncio.shield(pool.release(connection))  # asyncpg rolls back on release
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        transaction: TransactionalDBClient = self.client
        return transaction


class Client(AsyncpgDBClient):
    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
