"""Compares the database's tables with the models, in case somebody changed them by hand."""

from collections.abc import Iterator, Sequence

from tortoise.connection import get_connection
from tortoise.context import get_current_context
from tortoise.models import Model

from models.sql import fetch

_COLUMNS = """
SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
WHERE table_schema = current_schema()
"""
_INDEXES = """
SELECT t.relname AS "table", i.indexrelid::text AS "index", a.attname AS "column"
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(number, place)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
WHERE i.indisvalid
ORDER BY t.relname, i.indexrelid, k.place
"""
_SQLITE_COLUMNS = """
SELECT t.name AS "table", c.name AS "column" FROM sqlite_master t JOIN pragma_table_info(t.name) c
WHERE t.type = 'table'
"""
_SQLITE_INDEXES = """
SELECT t.name AS "table", i.name AS "index", c.name AS "column"
FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
WHERE t.type = 'table'
ORDER BY t.name, i.name, c.seqno
"""

Columns = tuple[str, ...]


async def missing_parts() -> list[str]:
    """Names the tables, columns and indexes that the models have and the connected database lacks."""
    is_sqlite = get_connection("default").capabilities.dialect == "sqlite"
    columns: dict[str, set[str]] = {}
    for row in await fetch(_SQLITE_COLUMNS if is_sqlite else _COLUMNS):
        columns.setdefault(row["table"], set()).add(row["column"])
    indexes: dict[tuple[str, str], list[str]] = {}
    for row in await fetch(_SQLITE_INDEXES if is_sqlite else _INDEXES):
        indexes.setdefault((row["table"], row["index"]), []).append(row["column"])
    indexed = {(table, tuple(names)) for (table, _), names in indexes.items()}
    return [part for model in _models() for part in _missing(model, columns, indexed)]


def _models() -> Sequence[type[Model]]:
    context = get_current_context()
    apps = context.apps if context else None
    if apps is None:
        raise RuntimeError("Tortoise loaded no apps")
    return list(apps["accounts"].values())


def _missing(model: type[Model], columns: dict[str, set[str]], indexed: set[tuple[str, Columns]]) -> Iterator[str]:
    meta, table = model._meta, model._meta.db_table
    if table not in columns:
        yield f"table {table}"
        return
    expected = set(meta.fields_db_projection.values())
    yield from (f"column {table}.{name}" for name in sorted(expected - columns[table]))
    for names in _indexes(model):
        if expected.issuperset(names) and columns[table].issuperset(names) and (table, names) not in indexed:
            yield f"index of {table} ({', '.join(names)})"


def _indexes(model: type[Model]) -> Iterator[Columns]:
    """Yields the columns of each index and unique constraint, except those of the primary key."""
    meta = model._meta
    column = meta.fields_db_projection
    for name, field in meta.fields_map.items():
        if name in column and (field.unique or field.index) and not field.pk:
            yield (column[name],)
    for fields in [*(index.fields for index in meta.indexes if not isinstance(index, tuple)), *meta.unique_together]:
        yield tuple(column[name] for name in fields)
