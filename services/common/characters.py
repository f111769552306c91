"""Characters that a paste or a phone's keyboard adds to a text, or puts in the place of what was meant.

A field with an alphabet of its own, such as an RFC, drops what nobody sees and takes typographic forms for the plain
character. What could be taken for another character, such as a Cyrillic А, is never replaced: the answer names it.
"""

import re
import unicodedata
from typing import Final

from services.common.outcomes import ForbiddenCharacter

_MAX_LENGTH = 200
"""More than any short field needs, however it is decorated. Composing letters takes quadratic time."""

UNSEEN: Final = r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
"""Those of Unicode's Default_Ignorable_Code_Point, which are shown as nothing, that are in no category C; and the
Braille pattern without a dot. For a character class of a regular expression."""

_UNSEEN = re.compile(f"[{UNSEEN}]")
_DASHES = "\u02d7\u2043\u2212"  # that are not of the category Pd: a modifier, a bullet, and the minus sign
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02bc"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_FORMS = frozenset({"<wide>", "<narrow>", "<small>", "<font>"})  # of the same character, not of a similar one
_SEPARATORS = re.compile(r"[ -]+")
_BEFORE, _AFTER = "\"'([<", "\"')]>.,;:"  # what a sentence puts around a value


def without_invisible(text: str, kept: str = "") -> str:
    """Without format characters, such as the zero-width space, soft hyphen, direction marks and byte order mark."""
    return "".join(
        sign for sign in text if sign in kept or not (unicodedata.category(sign) == "Cf" or _UNSEEN.match(sign))
    )


def in_typed_forms(text: str) -> str:
    """Every visible character as a keyboard types it; blanks of any kind are spaces, digits of any script digits."""
    return "".join(map(_plain, without_invisible(text)))


def without_separators(line: str) -> str:
    """Without spaces and hyphens."""
    return _SEPARATORS.sub("", line)


def typed_form(character: str) -> str:
    """The same character as a keyboard types it: a hyphen for any dash, a straight quote, no full width."""
    if character.isascii():
        return character
    if unicodedata.category(character) == "Pd" or character in _DASHES:
        return "-"
    if character in _SINGLE_QUOTES or character in _DOUBLE_QUOTES:
        return "'" if character in _SINGLE_QUOTES else '"'
    tag, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if tag in _FORMS and " " not in code else character


def plain(text: str, letters: str = "") -> str | ForbiddenCharacter:
    """In ASCII, without blanks around it.

    `letters` are of the field's alphabet beyond ASCII. Another one, or a control character, is what the answer names.
    A text that is far too long is returned as it is.
    """
    if len(text) > _MAX_LENGTH and not text.isascii():
        return text
    line = in_typed_forms(text if text.isascii() else unicodedata.normalize("NFC", without_invisible(text))).strip()
    foreign = (sign for sign in line if not (sign.isascii() and sign.isprintable()) and sign not in letters)
    character = next(foreign, None)
    return line if character is None else forbidden(character)


def compact(text: str, letters: str = "") -> str | ForbiddenCharacter:
    """The same without spaces and hyphens, and without the quotes, brackets or full stop of a sentence around it."""
    line = plain(text, letters)
    if isinstance(line, ForbiddenCharacter):
        return line
    return without_separators(line).lstrip(_BEFORE).rstrip(_AFTER)


def forbidden(character: str) -> ForbiddenCharacter:
    """Shown where it can be seen by itself, and with its code point where it is not on every keyboard."""
    code = f"U+{ord(character):04X}"
    if unicodedata.category(character)[0] in "CMZ" or _UNSEEN.match(character):
        return ForbiddenCharacter(code)
    return ForbiddenCharacter(f"«{character}»" if character.isascii() else f"«{character}» ({code})")


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    form = typed_form(character)
    return form if form.isascii() else str(unicodedata.decimal(form, form))
