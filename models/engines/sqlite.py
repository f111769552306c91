"""SQLite for Tortoise 1.1.9: transactions are IMMEDIATE, and a cancelled task leaves no open transaction or lock.

Queries by `fetch` have a connection of their own, so that they do not wait for each other and for transactions.

Tortoise chooses its migration editor by the word "sqlite" in this module's name.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import aiosqlite
from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class Transaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")  # in one turn of the connection's thread
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

    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__(file_path, **options)
        self._reader: aiosqlite.Connection | None = None
        self._opening = asyncio.Lock()

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            self._connection = await _opened(self.filename)
            for name, value in self.pragmas.items():
                await self._connection.execute_fetchall(f"PRAGMA {name}={value}")
            await self._post_connect()

    async def fetch(self, query: str, values: Sequence[object]) -> Sequence[Mapping[str, Any]]:
        """Returns the rows of a SELECT, which sees what is committed by now."""
        self.log.debug("%s: %s", query, values)
        reader = self._reader or await self._open_reader()
        try:
            rows: Sequence[Any] = list(await reader.execute_fetchall(query, values))  # they are read as mappings
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return rows

    async def close(self) -> None:
        if self._reader:
            await self._reader.close()
            self._reader = None
        await super().close()

    async def _open_reader(self) -> aiosqlite.Connection:
        async with self._opening:
            if self._connection is None:
                async with self.acquire_connection():  # sets what the file keeps, such as WAL
                    pass
            if self._reader is None:
                seconds = int(self.pragmas["busy_timeout"]) / 1000
                self._reader = await _opened(self.filename, timeout=seconds)
        return self._reader

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)

    def _in_transaction(self) -> TransactionContext:
        return _TransactionContext(self.transaction_class(self), self._lock)


async def _opened(file: str, **options: Any) -> aiosqlite.Connection:
    """Opens a connection. If that fails, waits for its thread, which would crash if the event loop closed first."""
    connection = aiosqlite.connect(file, isolation_level=None, **options)
    try:
        await connection
    except BaseException:
        await asyncio.to_thread(connection._thread.join)
        raise
    connection.row_factory = sqlite3.Row
    return connection


client_class = Client
