"""Kinds of index that Tortoise lacks."""

from typing import Any

from tortoise.indexes import Index


class PartialIndex(Index):
    """Contains only the rows whose column `present` is not null, or whose column `absent` is null."""

    def __init__(
        self, *, fields: tuple[str, ...] | list[str], name: str, present: str | None = None, absent: str | None = None
    ) -> None:
        super().__init__(fields=fields, name=name)
        self._condition = {"present": present} if present else {"absent": absent}
        # Like Tortoise's SQL for `__isnull`: SQLite uses a partial index only for a condition in the same words.
        self.extra = f' WHERE NOT "{present}" IS NULL' if present else f' WHERE "{absent}" IS NULL'

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, **self._condition}
