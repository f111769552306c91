"""The código postal of the place of issue: c_CodigoPostal of the CFDI schema, five digits."""

import re

from services.outcomes import FieldErrorCode, ForbiddenCharacter
from services.validation.characters import compact

_PATTERN = re.compile(r"[0-9]{5}")


def parse_postal_code(text: str) -> str | FieldErrorCode | ForbiddenCharacter:
    """Whether such a place exists is not looked up."""
    typed = compact(text)
    if isinstance(typed, ForbiddenCharacter):
        return typed
    if not typed:
        return FieldErrorCode.MISSING
    return typed if _PATTERN.fullmatch(typed) else FieldErrorCode.MALFORMED
