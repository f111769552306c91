"""The languages of texts for people, and the texts."""

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.units import format_unit

from services.common.clock import MEXICO


class Language(enum.Enum):
    ES = "es"
    EN = "en"


_FILES = {Language.ES: "es_MX.po", Language.EN: "en.po"}
_LOCALES = {Language.ES: "es_MX", Language.EN: "en"}


class Translations:
    """Every text that a person reads, by a symbolic id, in every language."""

    def __init__(self, folder: Path) -> None:
        self._catalogs = {language: _catalog(folder / name) for language, name in _FILES.items()}

    def format(
        self,
        language: Language,
        key: str,
        values: Mapping[str, object] | None = None,
        *,
        otherwise: str | None = None,
    ) -> str:
        """Returns the text with its {placeholders} filled, with durations and dates as people say them.

        Uses the text of `otherwise` if the key is unknown. Raises KeyError if both are.
        """
        catalog = self._catalogs[language]
        text = catalog[key] if key in catalog or otherwise is None else catalog[otherwise]
        return text.format_map({name: _formatted(language, value) for name, value in (values or {}).items()})

    def entries(self, language: Language) -> Mapping[str, str]:
        return self._catalogs[language]


def localize_duration(language: Language, duration: timedelta) -> str:
    """Formats a duration as people say it: `55 segundos`, `2 minutos`, `1 hora y 15 minutos`, `3 días`.

    Rounds up, to at least a second: to seconds below a minute, to minutes below a day, and to hours from a day on.
    """
    seconds = max(1, ceil(duration.total_seconds()))
    minutes = ceil(seconds / 60)
    hours = ceil(minutes / 60)
    if seconds < 60:
        parts = {"second": seconds}
    elif minutes < 24 * 60:
        parts = {"hour": minutes // 60, "minute": minutes % 60}
    else:
        parts = {"day": hours // 24, "hour": hours % 24}
    locale = _LOCALES[language]
    units = [format_unit(count, f"duration-{unit}", locale=locale) for unit, count in parts.items() if count]
    return format_list(units, locale=locale)


def localize_date(language: Language, moment: datetime) -> str:
    """Formats the day in Mexico: `1 de marzo de 2026`."""
    return format_date(moment.astimezone(MEXICO), "long", locale=_LOCALES[language])


def localize_moment(language: Language, moment: datetime) -> str:
    """Formats the day and the minute in Mexico: `1 de marzo de 2026, 20:51`."""
    locale = _LOCALES[language]
    return f"{localize_date(language, moment)}, {format_datetime(moment.astimezone(MEXICO), 'HH:mm', locale=locale)}"


def _formatted(language: Language, value: object) -> object:
    match value:
        case timedelta():
            return localize_duration(language, value)
        case datetime():
            return localize_date(language, value)
    return value


@cache
def _catalog(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    return {str(message.id): str(message.string) for message in catalog if message.id}
