"""Kinds of index that Tortoise lacks."""

from typing import Any

from tortoise.indexes import Index


class PartialIndex(Index):
    """Holds the rows alone whose column `present` is not null."""

    def __init__(self, *, fields: tuple[str, ...] | list[str], present: str, name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.present = present
        # As Tortoise writes `__isnull=False`: SQLite takes a partial index for a condition of the same words alone.
        self.extra = f' WHERE NOT "{present}" IS NULL'

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "present": self.present}
