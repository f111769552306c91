"""What several tasks need at the same time runs once, and no caller depends on another."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from services.mail.grouping import Grouped


class Doubling:
    """Doubles numbers, when it is allowed to. It cannot double a 13."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.allowed = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append([*numbers])
        await self.allowed.wait()
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


async def test_those_that_wait_while_a_group_runs_are_the_next_group() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    first = grouped(1)
    await asyncio.sleep(0)
    others = [grouped(2), grouped(3)]

    doubling.allowed.set()

    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert doubling.groups == [[1], [2, 3]]


async def test_one_that_is_not_urgent_runs_with_the_next_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.mail.grouping._PATIENCE_SECONDS", 600)
    doubling = Doubling()
    doubling.allowed.set()
    grouped = Grouped(doubling)

    results = [grouped(1, urgent=False), grouped(2, urgent=False)]
    await asyncio.sleep(0.05)
    assert doubling.groups == []
    results.append(grouped(3))

    assert await asyncio.gather(*results) == [2, 4, 6]
    assert doubling.groups == [[1, 2, 3]]


async def test_one_that_is_not_urgent_does_not_wait_long() -> None:
    doubling = Doubling()
    doubling.allowed.set()
    grouped = Grouped(doubling)

    assert await grouped(1)
    assert await asyncio.wait_for(grouped(2, urgent=False), 5) == 4
    assert doubling.groups == [[1], [2]]


async def test_one_that_fails_fails_alone() -> None:
    doubling = Doubling()
    doubling.allowed.set()
    grouped = Grouped(doubling)

    results = await asyncio.gather(*map(grouped, (1, 13, 3)), return_exceptions=True)

    assert [str(result) for result in results] == ["2", "13", "6"]


async def test_a_single_one_that_fails_is_tried_once() -> None:
    doubling = Doubling()
    doubling.allowed.set()

    with pytest.raises(ValueError, match="13"):
        await Grouped(doubling)(13)

    assert doubling.groups == [[13]]


async def test_a_caller_that_is_cancelled_stops_no_other() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    running = [grouped(1), grouped(2)]
    await asyncio.sleep(0)
    waiting = [grouped(3), grouped(4)]

    running[0].cancel()
    waiting[0].cancel()
    doubling.allowed.set()

    assert (await running[1], await waiting[1]) == (4, 8)
    assert doubling.groups == [[1, 2], [4]]


async def test_closing_runs_what_waits() -> None:
    doubling = Doubling()
    doubling.allowed.set()
    grouped = Grouped(doubling)
    urgent = grouped(1)
    await asyncio.sleep(0)
    other = grouped(2, urgent=False)

    await grouped.close(5)

    assert (urgent.result(), other.result()) == (2, 4)


async def test_what_does_not_end_fails_at_the_closing() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    running = grouped(1)
    await asyncio.sleep(0)
    waiting = grouped(2)

    await asyncio.wait_for(grouped.close(0.01), 5)

    for result in (running, waiting):
        with pytest.raises(TimeoutError):
            await result
    assert doubling.groups == [[1]]


async def test_after_a_failure_those_whose_callers_were_cancelled_are_left_out() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    first, bad, cancelled = [grouped(number) for number in (1, 13, 3)]
    await asyncio.sleep(0)

    cancelled.cancel()
    doubling.allowed.set()

    assert await first == 2
    with pytest.raises(ValueError, match="13"):
        await bad
    assert doubling.groups == [[1, 13, 3], [1], [13]]


async def test_work_that_is_cancelled_or_wrong_fails_and_cancels_no_caller() -> None:
    async def cancelled(_: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError

    async def too_many(_: Sequence[int]) -> list[int]:
        return [1, 2, 3]

    with pytest.raises(TimeoutError):
        await Grouped(cancelled)(1)
    with pytest.raises(ValueError, match="longer"):
        await Grouped(too_many)(1)


async def test_a_group_runs_in_the_context_of_its_first_urgent_item() -> None:
    name: ContextVar[str] = ContextVar("name")
    seen: list[str] = []

    async def look(numbers: Sequence[int]) -> list[int]:
        seen.append(name.get())
        return [*numbers]

    grouped = Grouped(look)
    results = []
    for number, urgent in enumerate((False, True, True)):
        name.set(f"item {number}")
        results.append(grouped(number, urgent=urgent))
    await asyncio.gather(*results)

    assert seen == ["item 1"]
