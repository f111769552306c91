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
    calls = Calls()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        calls.number += event in {"call", "c_call"}
        if calls.number > most:
            raise TooManyCallsError

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
