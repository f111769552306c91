"""Runs a long command that may be interrupted, and run again to continue."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from models.outage import is_outage


def run_interruptible(work: Coroutine[Any, Any, None], print_stopped: Callable[[str], None], *, needs: str) -> int:
    """Returns 0, 130 after Ctrl-C, or 1 if what the work `needs` became unavailable.

    In the last two cases, it prints why with `print_stopped`.
    """
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        print_stopped("Interrupted")
        return 130
    except Exception as error:
        if not is_outage(error):
            raise
        print_stopped(f"The {needs} became unavailable ({type(error).__name__})")
        return 1
    return 0
