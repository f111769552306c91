"""The languages that people are addressed in, and their texts."""

import enum
from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import read_po


class Language(enum.Enum):
    ES = "es"
    EN = "en"


_FILES = {Language.ES: "es_MX.po", Language.EN: "en.po"}
_RANGES_READ = 20  # of a header that anyone may fill


def negotiate(accept_language: str) -> Language:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4), or else Spanish."""
    best, best_weight = Language.ES, 0.0
    for part in accept_language.split(",")[:_RANGES_READ]:
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().split("-")[0]
        weight = _weight(parameters)
        language = next((language for language in Language if language.value == primary), None)
        if language and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


class Texts:
    """Every text that a person reads, by a symbolic id, in every language."""

    def __init__(self, folder: Path) -> None:
        self._catalogs = {language: _catalog(folder / name) for language, name in _FILES.items()}

    def say(self, language: Language, key: str, values: Mapping[str, object] | None = None) -> str:
        """The text with its {placeholders} filled. Raises KeyError for an unknown key."""
        return self._catalogs[language][key].format_map(values or {})

    def entries(self, language: Language) -> Mapping[str, str]:
        return self._catalogs[language]


def _catalog(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    return {str(message.id): str(message.string) for message in catalog if message.id}
