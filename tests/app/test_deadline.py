"""One timer gives each task the same number of seconds."""

import asyncio

import pytest

from app.deadline import Deadline


async def _done_after(seconds: float, cleaned_up: list[float] | None = None) -> float:
    try:
        await asyncio.sleep(seconds)
    finally:
        if cleaned_up is not None:
            cleaned_up.append(seconds)
    return seconds


async def test_what_is_done_in_time_is_returned_and_what_is_not_is_cancelled() -> None:
    deadline, cleaned_up = Deadline(0.1), list[float]()

    results = await asyncio.gather(
        *(deadline.within(_done_after(seconds, cleaned_up)) for seconds in (0, 5, 0.01, 6)), return_exceptions=True
    )

    assert [results[0], results[2]] == [0, 0.01]
    assert isinstance(results[1], TimeoutError)
    assert isinstance(results[3], TimeoutError)
    assert sorted(cleaned_up) == [0, 0.01, 5, 6]


async def test_each_has_its_seconds_from_its_own_beginning() -> None:
    deadline = Deadline(0.2)
    first = asyncio.create_task(deadline.within(_done_after(5)))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(deadline.within(_done_after(0.1)))

    with pytest.raises(TimeoutError):
        await first

    assert await second == 0.1


async def test_a_task_goes_on_after_its_deadline() -> None:
    deadline = Deadline(0.02)

    async def twice() -> float:
        with pytest.raises(TimeoutError):
            await deadline.within(_done_after(5))
        return await deadline.within(_done_after(0.01))

    assert await asyncio.create_task(twice()) == 0.01


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    deadline = Deadline(5)
    task = asyncio.create_task(deadline.within(_done_after(5)))
    await asyncio.sleep(0.01)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_at_the_deadline_stays_one() -> None:
    deadline = Deadline(0.02)

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(0.05)

    task = asyncio.create_task(deadline.within(slow_to_end()))
    await asyncio.sleep(0.04)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_is_raised_as_it_is() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Deadline(1).within(fail())
