"""Normalizes characters that a paste or a phone's keyboard adds or substitutes.

A field with a fixed alphabet, such as an RFC, drops invisible characters and accepts typographic forms of the plain
character. A character that could be mistaken for another, such as a Cyrillic А, is never replaced: the error names it.
"""

import re
import unicodedata
from typing import Final

from services.common.outcomes import ForbiddenCharacter

_MAX_CHARS = 200
"""More than any short field needs, with all that surrounds it. Normalizing takes quadratic time."""

INVISIBLE: Final = (
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
)
"""Unicode's Default_Ignorable_Code_Point outside category C, and the Braille pattern without dots, for a character
class of a regular expression."""

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_DASHES = "\u02d7\u2043\u2212"  # outside category Pd: a modifier, a bullet, and the minus sign
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02bc"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_FORMS = frozenset(
    {"<wide>", "<narrow>", "<small>", "<font>"}
)  # decompositions to the same character, not to a similar one
_SEPARATORS = re.compile(r"[ -]+")
_BEFORE, _AFTER = "\"'([<", "\"')]>.,;:"  # that surround a value in a sentence


def without_invisible(text: str, kept: str = "") -> str:
    """Removes format characters: the zero-width space, soft hyphen, direction marks, byte order mark and the like."""
    if text.isascii():  # which has none
        return text
    return "".join(
        sign for sign in text if sign in kept or not (unicodedata.category(sign) == "Cf" or _INVISIBLE.match(sign))
    )


def is_blank(text: str) -> bool:
    """Whether the text is empty, or has only spaces, line breaks and invisible characters."""
    return all(character.isspace() or not without_invisible(character) for character in text)


def in_typed_forms(text: str) -> str:
    """Returns visible characters as a keyboard types them; white space becomes spaces, digits of any script ASCII."""
    return "".join(map(_plain, without_invisible(text)))


def without_separators(line: str) -> str:
    """Removes spaces and hyphens."""
    return _SEPARATORS.sub("", line)


def typed_form(character: str) -> str:
    """Returns the character as a keyboard types it: a hyphen for any dash, a straight quote, no full width."""
    if character.isascii():
        return character
    if unicodedata.category(character) == "Pd" or character in _DASHES:
        return "-"
    if character in _SINGLE_QUOTES or character in _DOUBLE_QUOTES:
        return "'" if character in _SINGLE_QUOTES else '"'
    tag, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if tag in _FORMS and " " not in code else character


def plain(text: str, letters: str = "") -> str | ForbiddenCharacter:
    """Converts a text to ASCII and trims it.

    `letters` are the non-ASCII letters of the field's alphabet. Returns the first other one, or the first control
    character, as ForbiddenCharacter. A text that is far too long is returned unchanged.
    """
    if len(text) > _MAX_CHARS and not text.isascii():
        return text
    line = in_typed_forms(unicodedata.normalize("NFC", without_invisible(text))).strip()
    foreign = (sign for sign in line if not (sign.isascii() and sign.isprintable()) and sign not in letters)
    character = next(foreign, None)
    return line if character is None else forbidden(character)


def compact(text: str, letters: str = "") -> str | ForbiddenCharacter:
    """Like `plain`, and removes spaces, hyphens, and the quotes, brackets or full stop around the text."""
    line = plain(text, letters)
    if isinstance(line, ForbiddenCharacter):
        return line
    return without_separators(line).lstrip(_BEFORE).rstrip(_AFTER)


def forbidden(character: str) -> ForbiddenCharacter:
    """Shows the character if it is visible, and its code point if it is not on every keyboard."""
    code = f"U+{ord(character):04X}"
    if unicodedata.category(character)[0] in "CMZ" or _INVISIBLE.match(character):
        return ForbiddenCharacter(code)
    return ForbiddenCharacter(f"«{character}»" if character.isascii() else f"«{character}» ({code})")


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    form = typed_form(character)
    return form if form.isascii() else str(unicodedata.decimal(form, form))
