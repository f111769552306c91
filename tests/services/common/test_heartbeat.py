"""A worker's heartbeat says that it runs, and which of its loops hangs."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import heartbeat as rows
from services.common.heartbeat import ALIVE, MAX_TURNS, Beat, Heartbeat, Turns

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_of_several_tasks_the_one_that_is_furthest_behind_counts() -> None:
    now = NOW
    turns = Turns(lambda: now)
    finish, _ = turns.begin(), turns.begin()
    now += timedelta(minutes=1)

    finish()

    assert turns.last == NOW


def test_a_loop_hangs_if_it_has_not_finished_a_turn_for_long() -> None:
    for loop, longest in MAX_TURNS.items():
        beat = Beat(uuid4(), NOW, {**dict.fromkeys(MAX_TURNS, NOW), loop: NOW - longest})

        assert beat.hanging(NOW) == []
        assert beat.hanging(NOW + timedelta(seconds=1)) == [loop]
        assert beat.is_alive(NOW + ALIVE)
        assert not beat.is_alive(NOW + ALIVE + timedelta(seconds=1))


@pytest.mark.usefixtures("database")
async def test_a_worker_has_one_row_until_it_stops() -> None:
    stopped = asyncio.Event()
    heartbeat = Heartbeat()
    await heartbeat.beat()
    other = Heartbeat()
    await other.beat()
    running = asyncio.create_task(heartbeat.run(stopped))
    for _ in range(3):
        await heartbeat.beat()
    working = await rows.Heartbeat.all().count()

    stopped.set()
    await asyncio.wait_for(running, 5)

    assert working == 2
    assert await rows.Heartbeat.all().count() == 1
