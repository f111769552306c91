"""How much work something is, counted instead of timed."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType


class TooManyCallsError(Exception):
    """What is being counted is ended, since it may take for ever."""


@dataclass
class Calls:
    number: int = 0


@contextlib.contextmanager
def counted_calls(most: int) -> Iterator[Calls]:
    """Counts the calls of functions, built-in ones among them, that this thread makes meanwhile."""
    calls, number = Calls(), 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        if event == "call" or event == "c_call":  # it runs millions of times
            number += 1
            if number > most:
                raise TooManyCallsError

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        calls.number = number
