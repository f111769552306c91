"""What a check says."""

import enum
from dataclasses import dataclass

from app.settings import Settings


class State(enum.Enum):
    OK = "ok"
    SKIPPED = "skipped"  # nothing to check, or not without what another check reports
    WARNING = "warning"  # it works, but not as well or as safely as it should
    PROBLEM = "problem"  # something does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about what is, and one about what to do."""

    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is examined: the mail server is asked about `recipient`, and clients reach the service at `url`."""

    settings: Settings
    recipient: str | None = None
    url: str | None = None


def ok(text: str) -> Finding:
    return Finding(State.OK, text)


def skipped(text: str) -> Finding:
    return Finding(State.SKIPPED, text)


def warning(text: str, advice: str) -> Finding:
    return Finding(State.WARNING, text, advice)


def problem(text: str, advice: str) -> Finding:
    return Finding(State.PROBLEM, text, advice)


def described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
