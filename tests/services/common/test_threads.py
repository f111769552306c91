import os
import sys

import anyio
import pytest

from services.common.threads import run_in_thread


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux, a thread has a priority of its own")
async def test_work_in_threads_yields_to_the_event_loop() -> None:
    limiter, before = anyio.CapacityLimiter(1), os.nice(0)

    nice = [await run_in_thread(os.nice, 0, limiter=limiter) for _ in range(2)]

    assert nice == [min(before + 10, 19)] * 2  # not lower each time
    assert os.nice(0) == before


async def test_arguments_and_results_are_passed() -> None:
    limiter = anyio.CapacityLimiter(1)

    assert await run_in_thread(divmod, 7, 2, limiter=limiter) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 7, 0, limiter=limiter)
