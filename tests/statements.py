"""The SQL that is run, from the log of Tortoise's clients."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection


@dataclass(frozen=True, slots=True)
class Statement:
    """`values` are a row's, also where the statement was run for many rows. A `transaction` has the same for all."""

    text: str
    values: Sequence[object]
    transaction: TransactionalDBClient | None = None


def commits(statements: Sequence[Statement]) -> int:
    """Counts the transactions; a statement outside of ours is one by itself."""
    transactions = {id(each.transaction) for each in statements if each.transaction}
    return len(transactions) + sum(each.transaction is None for each in statements)


@contextmanager
def statements_run() -> Iterator[list[Statement]]:
    """Yields the statements that are run within the block, in their order."""
    statements: list[Statement] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.msg == "%s: %s" and isinstance(record.args, tuple):  # others are about connections
                text, values = record.args
                assert isinstance(values, Sequence | None)
                first = values[0] if values else None
                client = get_connection("default")
                transaction = client if isinstance(client, TransactionalDBClient) else None
                rows = values if isinstance(values, list) and isinstance(first, list) else None  # no array, but many
                statements.append(Statement(str(text), rows[0] if rows else values or (), transaction))

    logger, keeper = logging.getLogger("tortoise.db_client"), Keeper()
    logger.addHandler(keeper)
    logger.setLevel(logging.DEBUG)
    try:
        yield statements
    finally:
        logger.removeHandler(keeper)
        logger.setLevel(logging.NOTSET)
