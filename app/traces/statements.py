"""What a span says about a statement: its text without literals, and a summary of it."""

import re
from functools import lru_cache
from typing import NamedTuple

_MAX_TEXT_LENGTH = 2_000
_MAX_SUMMARY_LENGTH = 255  # of db.query.summary, by the conventions
_KEPT = 1_024  # statements: there are some hundreds, and one more for each other length of a list
# A string, or a number that is neither a placeholder ($1) nor part of a name.
_LITERAL = re.compile(r"'(?:[^']|'')*+'?|(?<![\w$\".])\d+(?:\.\d+)?(?![\w\"])")
_STEP = re.compile(
    r"(?<!FOR )(?<!DO )\b(SELECT|INSERT|DELETE|UPDATE)\b(?:(?<=UPDATE)\s+\"?(\w+))?|\b(?:FROM|INTO|JOIN)\s+\"?(\w+)",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """The `summary` is like `SELECT account`. The `text` has a question mark for each literal."""

    summary: str
    text: str


@lru_cache(_KEPT)
def described(text: str) -> Statement:
    """Describes a statement by its text, in linear time."""
    text = " ".join(_LITERAL.sub("?", text[:_MAX_TEXT_LENGTH]).split())
    words = [word for step in _STEP.findall(text) for word in step if word] or text.split()[:1]
    return Statement(" ".join(words)[:_MAX_SUMMARY_LENGTH], text)
