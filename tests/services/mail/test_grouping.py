"""What several tasks need at the same time runs once, and no task depends on another."""

import asyncio
from collections.abc import Sequence

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


async def begin(grouped: Grouped[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    async def double(number: int) -> int:
        return await grouped(number)

    tasks = [asyncio.create_task(double(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_those_that_wait_while_a_group_runs_are_the_next_group() -> None:
    doubling = Doubling()
    tasks = await begin(Grouped(doubling), 1, 2, 3)

    doubling.allowed.set()

    assert await asyncio.gather(*tasks) == [2, 4, 6]
    assert sorted(number for group in doubling.groups for number in group) == [1, 2, 3]
    assert len(doubling.groups) <= 2


async def test_one_that_fails_fails_alone() -> None:
    doubling = Doubling()
    doubling.allowed.set()

    results = await asyncio.gather(*await begin(Grouped(doubling), 1, 13, 3), return_exceptions=True)

    assert [str(result) for result in results] == ["2", "13", "6"]


async def test_a_single_one_that_fails_is_tried_once() -> None:
    doubling = Doubling()
    doubling.allowed.set()

    with pytest.raises(ValueError, match="13"):
        await Grouped(doubling)(13)

    assert doubling.groups == [[13]]


async def test_if_the_task_that_runs_a_group_is_cancelled_another_runs_it() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    first, second, third = await begin(grouped, 1, 2, 3)

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    doubling.allowed.set()

    assert [await second, await third] == [4, 6]
    assert doubling.groups[-1] == [2, 3]


async def test_a_task_that_is_cancelled_while_it_waits_stops_no_other() -> None:
    doubling = Doubling()
    grouped = Grouped(doubling)
    first, second, third = await begin(grouped, 1, 2, 3)

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    doubling.allowed.set()

    assert [await first, await third] == [2, 6]
