"""Parses the código postal of the place of issue: c_CodigoPostal of the CFDI schema, five digits."""

import re

from services.common.characters import compact, is_blank
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter

DIGITS = 5

_PATTERN = re.compile(rf"[0-9]{{{DIGITS}}}")


def parse_postal_code(text: str) -> str | FieldErrorCode | ForbiddenCharacter:
    """Does not check that the place exists."""
    if is_blank(text):
        return FieldErrorCode.MISSING
    typed = compact(text)
    if isinstance(typed, ForbiddenCharacter):
        return typed
    return typed if _PATTERN.fullmatch(typed) else FieldErrorCode.MALFORMED
