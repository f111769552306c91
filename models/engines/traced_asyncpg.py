"""The traced client of PostgreSQL.

Tortoise chooses its migration editor by the word "asyncpg" in this module's name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext

from models.engines import asyncpg
from models.engines.traced import Traced, TracedTransaction


class _Transaction(TracedTransaction, TransactionWrapper):
    """Its savepoints are transactions of asyncpg within the transaction."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Savepoint(self))


class _Savepoint(_Transaction):
    async def savepoint(self) -> None:
        with self.trace("SAVEPOINT"):
            await TransactionWrapper.begin(self)

    async def release_savepoint(self) -> None:
        with self.trace("RELEASE SAVEPOINT"):
            await TransactionWrapper.commit(self)

    async def savepoint_rollback(self) -> None:
        with self.trace("ROLLBACK TO SAVEPOINT"):
            await TransactionWrapper.rollback(self)


class Client(Traced, asyncpg.Client):
    transaction_class = _Transaction

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        with self.trace(query):
            await super().execute_many(query, values)

    async def fetch(self, query: str, values: Sequence[object]) -> Sequence[Mapping[str, Any]]:
        with self.trace(query):
            return await super().fetch(query, values)


client_class = Client
