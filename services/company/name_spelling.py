"""Finds spellings that are rare in the SAT's register, which uses capitals without accents and plain signs."""

import re
import unicodedata
from html.entities import html5

from services.common.characters import typed_form

_REGISTER_LETTERS = "ÑñÜü"  # which the register uses
_TYPOGRAPHIC = "\u00b4\u0060\u2026"  # spacing accents typed for an apostrophe, and the ellipsis
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ENTITIES = frozenset(name.lower() for name in html5 if name.endswith(";"))


def has_lower_case(name: str) -> bool:
    return (text := without_entities(name)) != text.upper()


def has_accents(name: str) -> bool:
    """The tilde of Ñ and the diaeresis of Ü do not count."""
    return any(
        unicodedata.combining(mark)
        for letter in name
        if letter not in _REGISTER_LETTERS
        for mark in unicodedata.normalize("NFD", letter)
    )


def has_typographic_signs(name: str) -> bool:
    """Finds curly quotes, long dashes and the like, which a keyboard types differently."""
    return any(sign in _TYPOGRAPHIC or typed_form(sign) != sign for sign in name)


def has_html_entity(name: str) -> bool:
    """Finds `&amp;` and the like, in a name that was copied from HTML source or an XML file."""
    return without_entities(name) != name


def without_entities(name: str) -> str:
    """Removes entities of HTML and XML, such as `&quot;`."""
    return _ENTITY.sub(lambda entity: "" if _is_known(entity.group()) else entity.group(), name)


def _is_known(entity: str) -> bool:
    return entity.startswith("&#") or entity[1:].lower() in _ENTITIES
