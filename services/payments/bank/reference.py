"""The reference of a deposit: nine random digits and a check digit.

The check digit (ISO 7064, Mod 11,10) detects every wrong digit and nearly every transposition of two.
"""

import re
import secrets

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_10

from services.common.characters import compact
from services.common.outcomes import ForbiddenCharacter

_LENGTH = 10
_DIGITS = re.compile(r"[0-9]{10}")


def generate_reference() -> str:
    """Generates a reference without a leading zero, which a spreadsheet would drop."""
    drawn = str(10 ** (_LENGTH - 2) + secrets.randbelow(9 * 10 ** (_LENGTH - 2)))
    return drawn + mod_11_10.calc_check_digit(drawn)


def parse_reference(text: str) -> str | None:
    """Parses a reference as people and banks write it, with spaces and hyphens. None for any other text."""
    typed = compact(text)
    if isinstance(typed, ForbiddenCharacter) or not _DIGITS.fullmatch(typed):
        return None
    try:
        return str(mod_11_10.validate(typed))
    except ValidationError:
        return None
