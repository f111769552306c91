"""Shows in the database that a worker runs, and that none of its loops hangs."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from models import heartbeat
from models.outage import DATABASE_ERRORS
from models.sql import as_datetime, as_uuid, fetch
from services.common.clock import Clock, utc_now

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 5.0
ALIVE = timedelta(seconds=30)
"""A worker whose heartbeat is older does not run, or cannot reach the database."""
MAX_TURNS = {
    "mail": timedelta(minutes=2),
    "cleanup": timedelta(minutes=45),
    "payments": timedelta(minutes=30),
    "events": timedelta(minutes=2),
    "webhooks": timedelta(minutes=2),
}
"""The loops, and how long a turn of each may take with the pause after it. A loop that takes longer hangs."""
NEWEST_BEAT = "SELECT * FROM heartbeat ORDER BY beaten_at DESC LIMIT 1"
_WRITE_SECONDS = 4.0


class Turns:
    """When a loop last finished a turn. If several tasks run the loop, the one that is furthest behind counts."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._finished: list[datetime] = []

    def begin(self) -> Callable[[], None]:
        """Returns the function that a task of the loop calls at the end of each turn."""
        task = len(self._finished)
        self._finished.append(self._clock())

        def finish() -> None:
            self._finished[task] = self._clock()

        return finish

    @property
    def last(self) -> datetime:
        return min(self._finished, default=self._clock())


class Heartbeat:
    """Writes the row of this process until it is stopped, and then deletes it. A killed process leaves its row."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._id = uuid4()
        self.turns = {loop: Turns(clock) for loop in MAX_TURNS}

    async def run(self, stopped: asyncio.Event) -> None:
        failing = False
        while not stopped.is_set():
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    await self.beat()
                failing = False
            except DATABASE_ERRORS as error:
                if not failing:
                    log.warning("heartbeat not written", error=type(error).__name__)
                failing = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), INTERVAL_SECONDS)
        with suppress(*DATABASE_ERRORS):
            async with asyncio.timeout(_WRITE_SECONDS):
                await heartbeat.Heartbeat.filter(id=self._id).delete()

    async def beat(self) -> None:
        turns = {f"{loop}_at": turns.last for loop, turns in self.turns.items()}
        values: dict[str, Any] = {"host": host(), "beaten_at": self._clock(), **turns}
        if not await heartbeat.Heartbeat.filter(id=self._id).update(**values):
            await heartbeat.Heartbeat.create(id=self._id, **values)


async def newest_beat() -> "Beat | None":
    return next((Beat.of(row) for row in await fetch(NEWEST_BEAT)), None)


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker last wrote. A loop that its release does not have has no turn."""

    id: UUID
    beaten_at: datetime
    turns: dict[str, datetime]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Beat":
        turns = {loop: as_datetime(at) for loop in MAX_TURNS if (at := row[f"{loop}_at"])}
        return cls(as_uuid(row["id"]), as_datetime(row["beaten_at"]), turns)

    def is_alive(self, now: datetime) -> bool:
        return now - self.beaten_at <= ALIVE

    def hanging(self, now: datetime) -> list[str]:
        """Returns the loops that hang."""
        return [loop for loop, at in self.turns.items() if now - at > MAX_TURNS[loop]]


def host() -> str:
    """Returns the name of this machine or container, by which a process finds the workers beside it."""
    return socket.gethostname()[:255]
