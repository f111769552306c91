"""Loads what belongs to several objects at once, when the first of them is asked for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """`load` reads everything with one call. If that fails or is cancelled, the next one who asks calls it again."""

    def __init__(self, load: Callable[[], Awaitable[Mapping[K, V]]]) -> None:
        self._load = load
        self._lock = asyncio.Lock()
        self._loaded: Mapping[K, V] | None = None

    async def get(self, key: K) -> V | None:
        async with self._lock:
            if self._loaded is None:
                self._loaded = await self._load()
        return self._loaded.get(key)
