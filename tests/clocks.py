"""Time in the hands of a test."""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now
