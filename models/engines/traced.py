"""What the traced clients of both databases share. The others know nothing of traces, and cost nothing for them."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient


class StatementTracer:
    """Traces nothing. What is traced is a statement's text with its placeholders, never the values."""

    def statement(self, text: str, dialect: str) -> AbstractContextManager[object]:
        """Returns the context in which the statement runs."""
        return nullcontext()


class Traced(BaseDBAsyncClient):
    """A base for a client, in front of the one whose statements it traces."""

    tracer: ClassVar[StatementTracer] = StatementTracer()

    def trace(self, text: str) -> AbstractContextManager[object]:
        return Traced.tracer.statement(text, self.capabilities.dialect)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        with self.trace(query):
            return await super().execute_insert(query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Any]:
        with self.trace(query):
            return await super().execute_query(query, values)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[Any, Any]]:
        with self.trace(query):
            return await super().execute_query_dict(query, values)


class TracedTransaction(Traced, TransactionalDBClient):
    """The same for a transaction, whose beginning and end are statements, too. Savepoints are the client's."""

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        with self.trace(query):
            await super().execute_many(query, values)

    async def begin(self) -> None:
        with self.trace("BEGIN"):
            await super().begin()  # type: ignore[safe-super]  # the client's, which follows

    async def commit(self) -> None:
        with self.trace("COMMIT"):
            await super().commit()  # type: ignore[safe-super]

    async def rollback(self) -> None:
        with self.trace("ROLLBACK"):
            await super().rollback()  # type: ignore[safe-super]
