"""The event loop of a worker, chosen like that of `serve` (EVENT_LOOP)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app.setting_types import EventLoop

_Result = TypeVar("_Result")


def run_on(loop: EventLoop, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Runs the work to its end; "auto" means uvloop if it is installed."""
    with asyncio.Runner(loop_factory=_factory(loop)) as runner:
        return runner.run(work)


def _factory(loop: EventLoop) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Returns None for asyncio's own."""
    if loop == "asyncio":
        return None
    try:
        import uvloop  # takes 10 ms, and does not exist on Windows
    except ImportError:
        if loop == "uvloop":
            raise
        return None
    return uvloop.new_event_loop
