"""The traced client of SQLite.

Tortoise chooses its migration editor by the word "sqlite" in this module's name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.engines import sqlite
from models.engines.traced import Traced, TracedTransaction


class _Transaction(TracedTransaction, sqlite.Transaction):
    async def savepoint(self) -> None:
        with self.trace("SAVEPOINT"):
            await super().savepoint()

    async def release_savepoint(self) -> None:
        with self.trace("RELEASE SAVEPOINT"):
            await super().release_savepoint()

    async def savepoint_rollback(self) -> None:
        with self.trace("ROLLBACK TO SAVEPOINT"):
            await super().savepoint_rollback()


class Client(Traced, sqlite.Client):
    transaction_class = _Transaction

    async def fetch(self, query: str, values: Sequence[object]) -> Sequence[Mapping[str, Any]]:
        with self.trace(query):
            return await super().fetch(query, values)


client_class = Client
