"""The código postal of the place of issue: c_CodigoPostal of the CFDI schema, five digits."""

import re

from services.outcomes import FieldErrorCode

_PATTERN = re.compile(r"[0-9]{5}")


def parse_postal_code(text: str) -> str | FieldErrorCode:
    """Whether such a place exists is not looked up."""
    typed = text.strip()
    if not typed:
        return FieldErrorCode.MISSING
    return typed if _PATTERN.fullmatch(typed) else FieldErrorCode.MALFORMED
