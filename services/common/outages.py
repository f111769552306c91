"""Outages of what the service depends on: the log says once when one begins, and once when it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from dataclasses import dataclass

import structlog
from limits.errors import StorageError

from models.outage import DATABASE_ERRORS, is_outage
from services.common.clock import pause
from services.common.measures import IGNORED, Measures

log = structlog.get_logger(__name__)

_PROBE_TIMEOUT = 6.0  # seconds, longer than a wait for a connection from the pool
_PROBE_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """`probe` raises, or returns nothing, while the part is away. Without one, `Outages.end` says that it is back."""

    name: str
    host: str
    probe: Callable[[], Awaitable[object]] | None = None


class Outages:
    """Watches the parts of one process. A part that is unknown here is not watched."""

    def __init__(self, parts: Iterable[Part] = (), measures: Measures = IGNORED) -> None:
        self._parts = {part.name: part for part in parts}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._away_since: dict[str, float] = {}
        self._closed = asyncio.Event()
        self._measures = measures

    def report(self, error: BaseException) -> str | None:
        """Returns the name of the part, if its outage caused the error, and watches it until it answers."""
        found = outage_of(error)
        if found is None:
            return None
        self.suspect(found[0], type(found[1]).__name__)
        return found[0]

    def suspect(self, name: str, reason: str) -> None:
        """Asks the part whether it is away. If it answers, a single request failed, and nothing is logged here."""
        self._measures.part_failed(name)
        part = self._parts.get(name)
        if part and name not in self._watches and not self._closed.is_set():
            # In a context of its own: the outage is not about the request that noticed it.
            watch = asyncio.create_task(self._watch(part, reason), context=Context())
            self._watches[name] = watch
            watch.add_done_callback(lambda _: self._watches.pop(name, None))

    def begin(self, name: str, reason: str, since: float | None = None) -> None:
        """Logs the beginning, unless it is known; `since` is when the first request failed, if not now."""
        part = self._parts.get(name)
        if part and name not in self._away_since:
            self._away_since[name] = since or time.monotonic()
            self._measures.outage_changed(name, away=True)
            log.error("outage began", part=name, host=part.host, reason=reason)

    def end(self, name: str) -> None:
        since = self._away_since.pop(name, None)
        if since is not None:
            seconds = round(time.monotonic() - since, 1)
            self._measures.outage_changed(name, away=False)
            log.warning("outage ended", part=name, host=self._parts[name].host, seconds=seconds)

    async def aclose(self) -> None:
        """Ends the watches. Waits for a probe in progress, since a canceled one could leave its connection open."""
        self._closed.set()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)

    async def _watch(self, part: Part, reason: str) -> None:
        since = time.monotonic()
        while part.probe and not await _answers(part.probe):
            self.begin(part.name, reason, since)
            await pause(self._closed, _PROBE_INTERVAL)
            if self._closed.is_set():
                return
        self.end(part.name)


def outage_of(error: BaseException | None) -> tuple[str, BaseException] | None:
    """Returns the part that failed, `database` or `redis`, and the cause, if the error is that of an outage."""
    if isinstance(error, StorageError):
        cause = error.storage_error
        return ("database", _driver_error(cause)) if isinstance(cause, DATABASE_ERRORS) else ("redis", cause)
    return ("database", _driver_error(error)) if error and is_outage(error) else None


def _driver_error(error: BaseException) -> BaseException:
    """Returns the error that Tortoise wraps, whose class says more."""
    return next((each for each in (error.__cause__, *error.args) if isinstance(each, BaseException)), error)


async def _answers(probe: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            return bool(await probe())
    except Exception:
        return False
