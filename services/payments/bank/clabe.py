"""The CLABE, a bank account's number in Mexico: 18 digits, the last of which checks the others (Banxico)."""

import re

from services.common.characters import compact
from services.common.outcomes import ForbiddenCharacter

_PATTERN = re.compile(r"[0-9]{18}")
_WEIGHTS = (3, 7, 1)


def parse_clabe(text: str) -> str | None:
    """Parses a CLABE as people and banks write it, with spaces and hyphens. None for any other text."""
    typed = compact(text)
    return typed if not isinstance(typed, ForbiddenCharacter) and is_clabe(typed) else None


def is_clabe(text: str) -> bool:
    if not _PATTERN.fullmatch(text):
        return False
    *digits, check = map(int, text)
    weighted = sum(digit * _WEIGHTS[place % 3] % 10 for place, digit in enumerate(digits))
    return (10 - weighted % 10) % 10 == check
