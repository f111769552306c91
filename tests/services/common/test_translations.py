"""Durations and dates as people say them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.translations import Language, Translations, localize_date, localize_duration


def test_a_duration_is_said_as_people_say_it_and_never_too_short() -> None:
    durations = {
        -5: ("1 segundo", "1 second"),
        0: ("1 segundo", "1 second"),
        0.2: ("1 segundo", "1 second"),
        1: ("1 segundo", "1 second"),
        1.01: ("2 segundos", "2 seconds"),
        55: ("55 segundos", "55 seconds"),
        59: ("59 segundos", "59 seconds"),
        59.5: ("1 minuto", "1 minute"),
        60: ("1 minuto", "1 minute"),
        61: ("2 minutos", "2 minutes"),
        120: ("2 minutos", "2 minutes"),
        3_540: ("59 minutos", "59 minutes"),
        3_541: ("1 hora", "1 hour"),
        3_600: ("1 hora", "1 hour"),
        3_601: ("1 hora y 1 minuto", "1 hour and 1 minute"),
        4_500: ("1 hora y 15 minutos", "1 hour and 15 minutes"),
        10_800: ("3 horas", "3 hours"),
        86_340: ("23 horas y 59 minutos", "23 hours and 59 minutes"),
        86_341: ("1 día", "1 day"),
        86_400: ("1 día", "1 day"),
        86_401: ("1 día y 1 hora", "1 day and 1 hour"),
        172_800: ("2 días", "2 days"),
        30 * 86_400: ("30 días", "30 days"),
    }

    assert {
        seconds: tuple(localize_duration(each, timedelta(seconds=seconds)) for each in Language)
        for seconds in durations
    } == durations


def test_a_date_is_that_of_mexico_city() -> None:
    moment = datetime(2026, 3, 1, 5, 59, tzinfo=UTC)

    assert localize_date(Language.ES, moment) == "28 de febrero de 2026"
    assert localize_date(Language.EN, moment) == "February 28, 2026"


def test_a_text_says_its_durations_and_dates(tmp_path: Path) -> None:
    for name in ("es_MX.po", "en.po"):
        (tmp_path / name).write_text('msgid "wait"\nmsgstr "{wait}, {until}, {other}"\n', "utf-8")
    values = {"wait": timedelta(minutes=2), "until": datetime(2026, 3, 1, 12, tzinfo=UTC), "other": 2026}

    assert Translations(tmp_path).format(Language.ES, "wait", values) == "2 minutos, 1 de marzo de 2026, 2026"


def test_a_missing_key_has_a_substitute_if_one_is_given(tmp_path: Path) -> None:
    for name in ("es_MX.po", "en.po"):
        (tmp_path / name).write_text('msgid "plain"\nmsgstr "Plain"\n', "utf-8")
    translations = Translations(tmp_path)

    assert translations.format(Language.EN, "exact", otherwise="plain") == "Plain"
    with pytest.raises(KeyError):
        translations.format(Language.EN, "exact")
