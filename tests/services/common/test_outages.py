"""An outage is logged once when it begins and once when it ends, however many requests it fails."""

import asyncio
from typing import Any

import pytest
from limits.errors import StorageError
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError, OperationalError

from services.common.outages import Outages, Part, outage_of

_AWAY = ConnectionRefusedError("postgres://ana:hunter2@db.example.mx refuses ana@example.com")


class _Probe:
    """What a part answers, which the test changes."""

    def __init__(self, *, away: bool) -> None:
        self.away = away
        self.raises = True
        self.asked = asyncio.Event()

    async def __call__(self) -> bool:
        self.asked.set()
        if self.away and self.raises:
            raise _AWAY
        return not self.away


@pytest.fixture
def probe() -> _Probe:
    return _Probe(away=True)


@pytest.fixture
def outages(probe: _Probe, monkeypatch: pytest.MonkeyPatch) -> Outages:
    monkeypatch.setattr("services.common.outages._PROBE_INTERVAL", 0.001)
    return Outages([Part("database", "db.example.mx:5432", probe), Part("smtp", "smtp.example.mx:587")])


@pytest.mark.parametrize("raises", [True, False])
async def test_many_failures_of_one_outage_are_two_lines(outages: Outages, probe: _Probe, raises: bool) -> None:
    probe.raises = raises
    with capture_logs() as logs:
        for _ in range(20):
            assert outages.report(OperationalError(_AWAY)) == "database"
            await asyncio.sleep(0.001)
        probe.away = False
        await _until(logs, "outage ended")

    began, ended = logs
    assert ended.pop("seconds") >= 0
    part = {"part": "database", "host": "db.example.mx:5432"}
    assert began == {"event": "outage began", "log_level": "error", "reason": "ConnectionRefusedError", **part}
    assert ended == {"event": "outage ended", "log_level": "warning", **part}


async def test_the_next_outage_is_logged_again(outages: Outages, probe: _Probe) -> None:
    with capture_logs() as logs:
        for _ in range(2):
            probe.away = True
            outages.report(_AWAY)
            await _until(logs, "outage began")
            probe.away = False
            await _until(logs, "outage ended")
            await asyncio.sleep(0)
            found = [entry["event"] for entry in logs]
            logs.clear()
            assert found == ["outage began", "outage ended"]


async def test_one_request_that_failed_is_no_outage_if_the_part_answers(outages: Outages, probe: _Probe) -> None:
    probe.away = False
    with capture_logs() as logs:
        outages.suspect("database", "deadline exceeded")
        await probe.asked.wait()
        await outages.aclose()

    assert logs == []


async def test_a_part_without_a_probe_is_back_when_it_is_reported_so(outages: Outages) -> None:
    with capture_logs() as logs:
        outages.end("smtp")
        outages.begin("smtp", "SMTPConnectError")
        outages.begin("smtp", "SMTPConnectError")
        outages.end("smtp")
        outages.end("smtp")

    assert [(entry["event"], entry["part"]) for entry in logs] == [("outage began", "smtp"), ("outage ended", "smtp")]


async def test_what_is_closed_watches_no_more(outages: Outages, probe: _Probe) -> None:
    outages.report(_AWAY)
    await probe.asked.wait()

    await outages.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_only_outages_name_a_part() -> None:
    errors: list[tuple[BaseException | None, str | None]] = [
        (_AWAY, "database"),
        (OperationalError(_AWAY), "database"),
        (StorageError(_AWAY), "database"),
        (StorageError(RedisConnectionError("refused")), "redis"),
        (IntegrityError("taken"), None),
        (ValueError("a bug"), None),
        (None, None),
    ]

    found = [(found := outage_of(error)) and found[0] for error, _ in errors]

    assert found == [part for _, part in errors]


async def _until(logs: list[Any], event: str) -> None:
    async with asyncio.timeout(5):
        while not any(entry["event"] == event for entry in logs):
            await asyncio.sleep(0.001)
