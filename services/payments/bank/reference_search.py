"""Finds references in a bank's text."""

import re
from collections.abc import Sequence
from functools import lru_cache

_LENGTH = 10
_MAX_TEXT_CHARS = 2000
_GROUPS = re.compile(r"[0-9]+(?:[ \t\u00a0.,/_-]{1,2}[0-9]+)*")
_NEXT = [[((check or 10) * 2 % 11 + digit) % 10 for digit in range(10)] for check in range(10)]
"""Mod 11,10 of ISO 7064 as a table, for speed: a statement may have millions of windows of ten digits."""


def find_references(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the references that stand alone in the first 2000 characters, and those hidden among other digits.

    Hidden are any ten digits within a longer number, and groups that together have ten digits: `12345 67897`.
    """
    exact: dict[str, None] = {}
    embedded: dict[str, None] = {}
    for found in _GROUPS.findall(text[:_MAX_TEXT_CHARS]):
        groups = re.findall(r"[0-9]+", found)
        whole = "".join(groups)
        for group in groups if len(whole) != _LENGTH else [whole]:
            (exact if len(group) == _LENGTH else embedded).update(dict.fromkeys(_within(group)))
        embedded.update(dict.fromkeys(_across(groups)))
    return tuple(exact), tuple(reference for reference in embedded if reference not in exact)


@lru_cache(maxsize=16384)
def _within(number: str) -> tuple[str, ...]:
    """Returns those with a correct check digit. None begins with zero: such a number is the bank's."""
    digits = [int(digit) for digit in number]
    starts = (start for start in range(len(digits) - _LENGTH + 1) if digits[start])
    return tuple(number[start : start + _LENGTH] for start in starts if _checks(digits[start : start + _LENGTH]))


def _across(groups: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(len(groups)):
        for end in range(start + 2, min(start + _LENGTH, len(groups)) + 1):
            joined = "".join(groups[start:end])
            if len(joined) >= _LENGTH:
                found.extend(_within(joined) if len(joined) == _LENGTH else ())
                break
    return found


def _checks(digits: Sequence[int]) -> bool:
    check = 5
    for digit in digits:
        check = _NEXT[check][digit]
    return check == 1
