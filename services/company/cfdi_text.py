"""Parses text that becomes an attribute of a CFDI.

Its XML schema, cfdv40.xsd, collapses white space and refuses `|`, which separates the values of the cadena original.
"""

import re
import unicodedata

from services.common.characters import INVISIBLE, forbidden
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter

# Checked before spaces are collapsed and letters composed, which is expensive for a long text. A line that was pasted
# with its indentation is shorter.
_MAX_TYPED_CHARS = 3_000
_BLANKS = re.compile(r"[\t\n\r\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")

_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def parse_attribute(text: str, longest: int) -> str | FieldErrorCode | ForbiddenCharacter:
    """Returns the text in NFC, trimmed, with single spaces. It may be empty.

    Refuses `|`; category C (control and format characters, surrogates, private and unassigned code points); default
    ignorable characters, such as the Hangul fillers and variation selectors; the blank Braille pattern; and an initial
    combining mark, which has nothing to combine with.
    """
    if len(text) > _MAX_TYPED_CHARS:
        return FieldErrorCode.TOO_LONG
    line = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    if character := _first_forbidden(line):
        return forbidden(character)
    return line if len(line) <= longest else FieldErrorCode.TOO_LONG


def _first_forbidden(line: str) -> str | None:
    if unicodedata.category(line[:1] or " ")[0] == "M":
        return line[0]
    refused = (sign for sign in line if sign == "|" or unicodedata.category(sign)[0] == "C" or _INVISIBLE.match(sign))
    return next(refused, None)
