"""Threads for work that keeps a CPU busy, which yield to the event loop."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio
from anyio import to_thread

_NICE = 10  # of 19; on Linux, a thread has a priority of its own

_Result = TypeVar("_Result")
_thread = threading.local()


async def run_in_thread(work: Callable[..., _Result], *arguments: object, limiter: anyio.CapacityLimiter) -> _Result:
    """Runs the work in a thread of a lower priority, as soon as `limiter` has room for it.

    The event loop, which answers everything else in milliseconds, then gets a CPU as soon as it needs one.
    """
    return await to_thread.run_sync(partial(_run, work, *arguments), limiter=limiter)


def _run(work: Callable[..., _Result], *arguments: object) -> _Result:
    if not getattr(_thread, "yields", False):
        _thread.yields = True
        _yield_to_others()
    return work(*arguments)


def _yield_to_others() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with suppress(OSError):
            os.nice(_NICE)
