"""SQLite for Tortoise 1.1.9: transactions are IMMEDIATE, and a cancelled task leaves no open transaction or lock.

Tortoise chooses its migration editor by the word "sqlite" in this module's name.
"""

import asyncio
import sqlite3
from typing import Any, ClassVar

from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class Transaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            cursor = await self._connection.execute("BEGIN IMMEDIATE")
            await cursor.close()
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def execute_script(self, query: str) -> None:
        """Runs the script statement by statement, because sqlite3's executescript commits first."""
        statement = ""
        for part in query.split(";"):
            statement += f"{part};"
            if sqlite3.complete_statement(statement):
                await self.execute_query(statement)
                statement = ""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(type(self)(self))


class _TransactionContext(SqliteTransactionContext):
    connection: Any
    token: Any

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            try:
                # aiosqlite runs its queue in order, so this runs after a BEGIN that is still pending.
                if self.connection._connection:
                    await asyncio.shield(self.connection._connection.rollback())
            finally:
                self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        transaction: TransactionalDBClient = self.connection
        return transaction


class Client(SqliteClient):
    transaction_class: ClassVar[type[Transaction]] = Transaction

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(self.transaction_class(self), self._lock)


client_class = Client
