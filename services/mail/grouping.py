"""Runs together what several tasks need from the database at the same time, with as few statements and commits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Grouped(Generic[T, R]):
    """Calls `work` with the items of all tasks that wait, and hands each task its own result.

    A group runs while the next one gathers, so that a single task never waits for others. If a group fails, each item
    is tried alone. The task that runs a group is one of those that wait: if it is cancelled, another one runs it again.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: dict[asyncio.Future[R], T] = {}
        self._turn = asyncio.Lock()

    async def __call__(self, item: T) -> R:
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting[result] = item
        try:
            async with self._turn:
                if not result.done():
                    await self._run()
        finally:
            self._waiting.pop(result, None)
        return result.result()

    async def _run(self) -> None:
        group = dict(self._waiting)
        try:
            values = await self._work([*group.values()])
        except Exception as error:
            if len(group) == 1:
                self._fail(next(iter(group)), error)
                return
            for result, item in group.items():
                await self._run_alone(result, item)
        else:
            for result, value in zip(group, values, strict=True):
                self._succeed(result, value)

    async def _run_alone(self, result: "asyncio.Future[R]", item: T) -> None:
        try:
            (value,) = await self._work([item])
        except Exception as error:
            self._fail(result, error)
        else:
            self._succeed(result, value)

    def _succeed(self, result: "asyncio.Future[R]", value: R) -> None:
        if result in self._waiting:  # unless the task was cancelled
            result.set_result(value)

    def _fail(self, result: "asyncio.Future[R]", error: Exception) -> None:
        if result in self._waiting:
            result.set_exception(error)
