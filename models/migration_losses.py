"""Finds what reverting migrations would delete."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, PlanStep
from tortoise.migrations.operations import AddField, CreateModel

from models.migrator import EMPTY, Configuration, executor_of, target, without_time_limits


class UnknownMigrationError(ValueError):
    def __init__(self, known: Sequence[str]) -> None:
        super().__init__("no such migration")
        self.known = known


@dataclass(frozen=True, slots=True)
class Loss:
    """A table or a column that would be dropped, and the number of rows with a value."""

    table: str
    column: str | None
    rows: int


async def losses(configuration: Configuration, name: str) -> list[Loss]:
    """Returns the tables and columns that going to the migration of that name would drop; none if it goes forwards.

    Raises UnknownMigrationError.
    """
    async with executor_of(without_time_limits(configuration)) as executor:
        await executor.connection.execute_query("SELECT 1")  # plan() takes an unavailable database for an empty one
        await executor.loader.build_graph()
        known = sorted(key.name for key in executor.loader.graph.nodes)
        if name not in {*known, EMPTY}:
            raise UnknownMigrationError(known)
        steps = [step for step in await executor.plan([target(name)]) if step.backward]
        return [Loss(table, column, await _count(table, column)) for table, column in _dropped(steps, executor)]


def _dropped(steps: Sequence[PlanStep], executor: MigrationExecutor) -> Iterator[tuple[str, str | None]]:
    operations = [operation for step in steps for operation in step.migration.operations]
    tables = {operation.name: _table(operation) for operation in operations if isinstance(operation, CreateModel)}
    yield from ((table, None) for table in tables.values())
    all_tables = _tables(executor)
    for operation in operations:
        if isinstance(operation, AddField) and operation.model_name not in tables:
            column = getattr(operation.field, "source_field", None) or operation.name
            yield all_tables[operation.model_name], column


def _tables(executor: MigrationExecutor) -> dict[str, str]:
    """Returns the tables of all models that any migration creates."""
    migrations = [node for node in executor.loader.graph.nodes.values() if node]
    operations = [operation for migration in migrations for operation in migration.operations]
    return {operation.name: _table(operation) for operation in operations if isinstance(operation, CreateModel)}


def _table(operation: CreateModel) -> str:
    return str((operation.options or {})["table"])


async def _count(table: str, column: str | None) -> int:
    what = f'"{column}"' if column else "*"
    rows = await get_connection("default").execute_query_dict(f'SELECT count({what}) AS count FROM "{table}"')  # noqa: S608
    return int(rows[0]["count"])
