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


class UnsetIndex(Index):
    """Contains only the rows whose column `unset` is null: those that still wait for its value."""

    def __init__(self, *, fields: tuple[str, ...] | list[str], unset: str, name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.unset = unset
        self.extra = f' WHERE "{unset}" IS NULL'

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "unset": self.unset}
