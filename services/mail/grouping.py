"""Runs together what several tasks need from the database at the same time, with as few statements as possible."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_SECONDS = 0.02  # how long items that nobody waits for may gather


class Grouped(Generic[T, R]):
    """Calls `work` with the items of all callers, in groups, and gives each item its own result.

    A group runs while the next one gathers, so an urgent item waits for no more than the group that runs, and none is
    overtaken by a later one. If a group fails, each item is tried alone.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: dict[asyncio.Future[R], T] = {}
        self._is_urgent = False
        self._context = Context()
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    def __call__(self, item: T, *, urgent: bool = True) -> "asyncio.Future[R]":
        """Takes an item, which runs with the next urgent one, or after 20 ms.

        Cancelling the future takes back an item that has not begun.
        """
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        if not self._waiting or urgent > self._is_urgent:
            self._context = copy_context()
        self._waiting[result] = item
        self._is_urgent |= urgent
        self._schedule()
        return result

    async def close(self, seconds: float) -> None:
        """Runs what waits. What has not ended by then fails."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._waiting or self._running:
                    self._is_urgent = True
                    self._schedule()
                    if self._running:
                        await asyncio.wait({self._running})
        _fail(self._waiting, TimeoutError("closed"))
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})

    def _schedule(self) -> None:
        """Begins a group now, in 20 ms, or when the one that runs has ended."""
        if self._running or not self._waiting:
            return
        if self._is_urgent:
            self._begin()
        elif not self._timer:
            self._timer = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._begin)

    def _begin(self) -> None:
        """Starts a task for a group, in the context of its first urgent item, so that a trace has the statement."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._running = asyncio.create_task(self._run(), context=self._context)

    async def _run(self) -> None:
        group = {result: item for result, item in self._waiting.items() if not result.done()}
        self._waiting, self._is_urgent = {}, False
        try:
            if group:
                await self._try(group)
        finally:
            _fail(group, TimeoutError("the group was cancelled"))  # those without a result
            self._running = None
            self._schedule()

    async def _try(self, group: "dict[asyncio.Future[R], T]") -> None:
        try:
            values = list(zip(group, await self._work([*group.values()]), strict=True))
        except Exception as error:
            if len(group) == 1:
                _fail(group, error)
                return
            for result, item in group.items():
                if not result.done():
                    await self._try({result: item})
        else:
            for result, value in values:
                if not result.done():  # its caller was cancelled
                    result.set_result(value)


def _fail(group: "dict[asyncio.Future[R], T]", error: Exception) -> None:
    for result in group:
        if not result.done():
            result.set_exception(error)
