"""Text that becomes an attribute of a CFDI.

Its XML schema, cfdv40.xsd, collapses white space and refuses `|`, which separates the values of the cadena original.
"""

import re
import unicodedata

from services.outcomes import FieldErrorCode

_LONGEST_TYPED = 3_000
_BLANKS = re.compile(r"[\t\n\r\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def parse_attribute(text: str, longest: int) -> str | FieldErrorCode:
    """In NFC, without blanks around it and with single ones inside. It may be empty.

    Characters that nobody sees are refused: control and format characters, surrogates, and code points that are
    private or not assigned.
    """
    if len(text) > _LONGEST_TYPED:
        return FieldErrorCode.TOO_LONG
    line = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    if any(character == "|" or unicodedata.category(character).startswith("C") for character in line):
        return FieldErrorCode.FORBIDDEN_CHARACTER
    return line if len(line) <= longest else FieldErrorCode.TOO_LONG
