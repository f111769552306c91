"""The languages that people are addressed in, and their texts."""

import enum
from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import read_po


class Language(enum.Enum):
    ES = "es"
    EN = "en"


_FILES = {Language.ES: "es_MX.po", Language.EN: "en.po"}


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
