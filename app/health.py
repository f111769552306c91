"""Says whether this process can serve, for load balancers and containers: /health/live and /health/ready.

Outside the check of the Host, since those who ask use an address. An answer names parts and states, and nothing of
what is inside.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models import migrations
from models.probe import Probe, probe_of
from models.sql import as_datetime
from services.common.clock import utc_now
from services.common.heartbeat import NEWEST_BEAT, Beat, host

if TYPE_CHECKING:
    from services.common.redis_storage import RedisProbe

log = structlog.get_logger(__name__)

LIVE, READY = "/health/live", "/health/ready"
DRAINING = "draining"
"""The key of the lifespan's state under which the server says that it is about to end."""
_FRESH_SECONDS = 1.0  # for which an answer is given again
_NEEDED = frozenset(file.stem for file in Path(migrations.__path__[0]).glob("[0-9]*.py"))
_MIGRATIONS = "SELECT name FROM tortoise_migrations WHERE app = 'accounts'"
_BEATS = "SELECT * FROM heartbeat ORDER BY beaten_at DESC LIMIT 1000"
_OLDEST_DUE = "SELECT min(due_at) AS due_at FROM delivery WHERE pending_key IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Report:
    """The state of each part, "ok" if it is good, and what is only worth knowing, with ages in seconds."""

    parts: Mapping[str, str]
    data: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [name for name, state in self.parts.items() if state != "ok"]


class Health:
    """Checks the parts that requests need. Those who ask at once share a check, whose answer is good for a second."""

    def __init__(self, database: dict[str, Any], redis: "RedisProbe | None") -> None:
        """If `redis` is None, limits are counted in the database."""
        self._probe = probe_of(database)
        self._redis = redis
        self._checking: asyncio.Task[Report] | None = None
        self._report = Report({})
        self._fresh_until = 0.0

    async def report(self) -> Report:
        if time.monotonic() < self._fresh_until:
            return self._report
        if self._checking is None:
            self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(self._checking)

    async def aclose(self) -> None:
        if self._checking:
            self._checking.cancel()
        await self._probe.aclose()
        if self._redis:
            await self._redis.aclose()

    async def _check(self) -> Report:
        try:
            (database, data), limits = await asyncio.gather(self._database(), self._limits())
            report = Report({**database, "limits": limits or database["database"]}, data)
            if report.failed != self._report.failed:
                log.warning("health changed", failed=report.failed)
            self._report = report
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
            return report
        finally:
            self._checking = None

    async def _database(self) -> tuple[dict[str, str], dict[str, dict[str, object]]]:
        try:
            (applied,) = await self._probe.fetch([_MIGRATIONS])
        except Exception:
            return {"database": "failed", "migrations": "unknown"}, {}
        if not {str(row["name"]) for row in applied} >= _NEEDED:
            return {"database": "ok", "migrations": "behind"}, {}
        try:
            beats, due = await self._probe.fetch([NEWEST_BEAT, _OLDEST_DUE])
        except Exception:
            return {"database": "failed", "migrations": "ok"}, {}
        now = utc_now()
        data: dict[str, dict[str, object]] = {
            "worker": _worker([*map(Beat.of, beats)], now),
            "outbox": {"oldest_due": _age(due[0]["due_at"], now)},
        }
        return {"database": "ok", "migrations": "ok"}, data

    async def _limits(self) -> str | None:
        if self._redis is None:
            return None
        try:
            await self._redis.check()
        except Exception:
            return "failed"
        return "ok"


class HealthPaths:
    """Answers LIVE and READY."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"allow": "GET, HEAD"})
        if scope["path"] == LIVE:
            return _json({"status": "live"}, 200)
        report = await self._health.report()
        draining = bool(scope.get("state", {}).get(DRAINING))
        ready = not (draining or report.failed)
        parts = {**report.parts, "draining": "yes" if draining else "no"}
        body = {"status": "ready" if ready else "not ready", "parts": parts, **report.data}
        return _json(body, 200 if ready else 503)


async def failing_worker(database: dict[str, Any]) -> str | None:
    """Returns why the workers of this machine or container do not work, or None if they do."""
    probe: Probe = probe_of(database)
    try:
        (rows,) = await probe.fetch([_BEATS])
    finally:
        await probe.aclose()
    now = utc_now()
    beats = [beat for beat in (Beat.of(row) for row in rows if row["host"] == host()) if beat.is_alive(now)]
    if not beats:
        return "no heartbeat"
    hanging = {loop for beat in beats for loop in beat.hanging(now)}
    return f"hangs in {', '.join(sorted(hanging))}" if hanging else None


def _worker(beats: list[Beat], now: datetime) -> dict[str, object]:
    if not beats:
        return {"state": "absent"}
    newest = beats[0]
    hanging = newest.hanging(now)
    ages = {loop: _age(at, now) for loop, at in newest.turns.items()}
    state = "silent" if not newest.is_alive(now) else "hanging" if hanging else "ok"
    return {"state": state, "heartbeat": _age(newest.beaten_at, now), "turns": ages}


def _age(moment: datetime | str | None, now: datetime) -> float:
    """Returns the seconds since then, or 0 if it is not past."""
    return round(max(0.0, (now - as_datetime(moment)).total_seconds()), 1) if moment else 0.0


def _json(body: object, status: int) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(orjson.dumps(body), status, headers, "application/json")
