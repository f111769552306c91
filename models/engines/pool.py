"""asyncpg's pool, whose connections stay at hand between statements.

To return a connection to asyncpg's pool and to acquire it again takes 60 µs of CPU time, more than a look-up by an
index.
"""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import asyncpg

from models.outage import POSTGRESQL_ERRORS

_Result = TypeVar("_Result")

_ACQUIRE_SECONDS = 5.0  # to wait for a connection, and to open one
_RELEASE_SECONDS = 2.0  # for a rollback, after which the connection is dropped
_RETURN_SECONDS = 30.0
_DEFAULTS = {
    **dict.fromkeys(("connect", "setup", "init", "reset")),
    "record_class": asyncpg.Record,
    "max_queries": 50_000,
    "max_inactive_connection_lifetime": 300.0,
}


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is untyped
    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncpg's
        """Ends what a cancelled task left open; the service changes no session state.

        A statement that was cancelled after it was prepared is open, too, and keeps its locks, though neither side
        calls it a transaction: PostgreSQL ends it at the next statement. A transaction that was cancelled while it
        began is not reported as an error, as asyncpg's own method would.
        """
        self._top_xact = None
        async with asyncio.timeout(timeout):
            await self.execute("ROLLBACK" if self.is_in_transaction() else "SELECT")


class PoolMonitor:
    """Notified when a connection is taken from the pool, with the seconds waited for it, and when it is returned."""

    def taken(self, waited: float) -> None: ...

    def given_back(self) -> None: ...


class Pool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg is untyped
    """Connections are taken with `take` and returned with `give_back`.

    `_slots` has a place for each connection that nobody uses: the connection, or None if asyncpg's pool has it or must
    open it. Every `_RETURN_SECONDS`, asyncpg's pool gets back those at hand, and closes those that are too old.
    """

    monitor: ClassVar[PoolMonitor] = PoolMonitor()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**_DEFAULTS, **options})
        self._slots: list[Any] = [None] * self.get_max_size()
        self._waiters: deque[asyncio.Future[Any]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_open = True  # until `close` begins, while asyncpg's pool is not closing yet

    async def take(self) -> Any:
        """Returns a connection. Raises TimeoutError if none is free in time."""
        start = time.perf_counter()
        connection = self._slots.pop() if self._slots else await self._wait()
        if not _is_reusable(connection):
            connection = await self._another(connection)
        self.monitor.taken(time.perf_counter() - start)
        return connection

    async def give_back(self, connection: Any, *, failed: bool) -> None:
        """Returns a connection. If a statement `failed`, asyncpg waits until its cancellation has arrived."""
        self.monitor.given_back()
        await self._put_back(connection, failed=failed)

    async def _put_back(self, connection: Any, *, failed: bool) -> None:
        if not failed and self._is_open and _is_reusable(connection):
            self._put(connection)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_RETURN_SECONDS, self._return_all)
            return
        try:
            await self._return(connection)
        finally:
            self._put(None)

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await self.take()
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
        except BaseException:
            await self.give_back(connection, failed=True)
            raise
        await self.give_back(connection, failed=False)
        return rows

    async def close(self) -> None:
        self._is_open = False
        self._return_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().close()

    def _put(self, slot: Any) -> None:
        """Hands the slot to whoever has waited for longest, or keeps it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(slot)
                return
        self._slots.append(slot)

    async def _wait(self) -> Any:
        """Waits for a slot. A plain timer is cheaper than asyncio.timeout, which would cancel the task."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        timer = loop.call_later(_ACQUIRE_SECONDS, _expire, waiter)
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:  # the slot came at the same moment
                self._put(waiter.result())
            raise
        finally:
            timer.cancel()

    async def _another(self, lost: Any) -> Any:
        """Returns a connection in place of one that was lost, or of none.

        A task that is cancelled meanwhile leaves it to the next: where connections open slowly and clients are
        impatient, none would ever be open.
        """
        opening = self._start(self._open(lost))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._start(self._put_opened(opening))
            raise

    async def _open(self, lost: Any) -> Any:
        try:
            if lost is not None:
                await self._return(lost)
            return await self.acquire(timeout=_ACQUIRE_SECONDS)
        except BaseException:
            self._put(None)
            raise

    async def _put_opened(self, opening: asyncio.Task[Any]) -> None:
        """Keeps the connection once it is open, if it can be opened."""
        with suppress(*POSTGRESQL_ERRORS):
            await self._put_back(await opening, failed=False)

    async def _return(self, connection: Any) -> None:
        """Returns a connection to asyncpg's pool, which drops it if it cannot be reset."""
        with suppress(*POSTGRESQL_ERRORS):
            await self.release(connection, timeout=_RELEASE_SECONDS)

    def _return_all(self) -> None:
        """Starts to return all connections at hand to asyncpg's pool."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        kept = [each for each in self._slots if each]
        self._slots = [None] * len(self._slots)
        for each in kept:
            self._start(self._return(each))

    def _start(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        """Starts a task for which `close` waits."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _expire(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


def _is_reusable(connection: Any) -> bool:
    """Whether there is a connection, which is alive, idle, and not taken back by asyncpg's pool."""
    try:
        return connection is not None and not (connection.is_closed() or connection.is_in_transaction())
    except asyncpg.InterfaceError:
        return False
