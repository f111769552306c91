"""Kinds of index that Tortoise lacks."""

from typing import Any

from tortoise.indexes import Index


class PartialIndex(Index):
    """Contains only the rows whose column `present` is not null."""

    def __init__(self, *, fields: tuple[str, ...] | list[str], present: str, name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.present = present
        # Like Tortoise's SQL for `__isnull=False`: SQLite uses a partial index only for a condition in the same words.
        self.extra = f' WHERE NOT "{present}" IS NULL'

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "present": self.present}
