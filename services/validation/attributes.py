"""Text that becomes an attribute of a CFDI.

Its XML schema, cfdv40.xsd, collapses white space and refuses `|`, which separates the values of the cadena original.
"""

import re
import unicodedata

from services.outcomes import FieldErrorCode

# Before blanks are collapsed and letters composed, which a long text would make dear: as much as a line that was
# pasted with its indentation may have.
_LONGEST_TYPED = 3_000
_BLANKS = re.compile(r"[\t\n\r\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")

# Those of Unicode's Default_Ignorable_Code_Point, which are shown as nothing, that are in no category C; and the
# Braille pattern without a dot.
_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def parse_attribute(text: str, longest: int) -> str | FieldErrorCode:
    """In NFC, without blanks around it and with single ones inside. It may be empty.

    Refused are `|`; what is of a category C, namely control and format characters, surrogates, and code points that are
    private or not assigned; what Unicode calls default ignorable, such as the Hangul fillers and variation selectors;
    the blank Braille pattern; and a combining mark at the beginning, which has nothing to combine with.
    """
    if len(text) > _LONGEST_TYPED:
        return FieldErrorCode.TOO_LONG
    line = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    categories = [unicodedata.category(character)[0] for character in line]
    if "|" in line or "C" in categories or _UNSEEN.search(line) or categories[:1] == ["M"]:
        return FieldErrorCode.FORBIDDEN_CHARACTER
    return line if len(line) <= longest else FieldErrorCode.TOO_LONG
