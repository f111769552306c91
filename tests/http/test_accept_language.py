"""Accept-Language after RFC 9110, 12.5.4, for two languages."""

from app.negotiation import language as negotiate
from services.common.translations import Language


def test_the_preferred_language_is_used() -> None:
    expected = {
        "es": Language.ES,
        "en": Language.EN,
        "es-MX": Language.ES,
        "en-GB": Language.EN,
        "EN-us": Language.EN,
        "en-Latn-GB-boont-x-private": Language.EN,
        "es-MX,es;q=0.9,en;q=0.8": Language.ES,
        "en-US,en;q=0.9,es;q=0.8": Language.EN,
        "en;q=0.5, es;q=0.4": Language.EN,
        "en;q=0.4, es;q=0.5": Language.ES,
        "fr, en;q=0.3": Language.EN,
        "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": Language.EN,
        "en , es": Language.EN,
        "es, en": Language.ES,
        "en; q=0.5": Language.EN,
        "en;Q=0.5": Language.EN,
        "en;q=0.001": Language.EN,
        ",,, en": Language.EN,
    }

    assert {header: negotiate(header) for header in expected} == expected


def test_an_asterisk_matches_every_language_that_is_not_listed() -> None:
    expected = {
        "*": Language.ES,
        "*;q=0.1": Language.ES,
        "fr, *": Language.ES,
        "en, *;q=0.5": Language.EN,
        "en;q=0.5, *": Language.ES,
        "es;q=0, *": Language.EN,
    }

    assert {header: negotiate(header) for header in expected} == expected


def test_spanish_is_the_default() -> None:
    headers = [
        "",
        "fr",
        "fr-FR, de;q=0.9",
        "en;q=0",
        "en;q=0.0, fr",
        "en;q=nan",
        "en;q=inf",
        "en;q=-1",
        "en;q=2",
        "en;q=",
        "en;q=much",
        "english",
        "enx-GB",
        "en_GB",
        ";q=1",
        ";;;===,,,",
        "\0",
        "\ud800",
        "ｅｎ",
        "<script>",
    ]

    assert [header for header in headers if negotiate(header) is not Language.ES] == []


def test_a_header_of_a_megabyte_is_parsed() -> None:
    for part in ("x", "en-", ",", "en;q=0,", "fr;q=0.5,", ";"):
        header = part * (1_000_000 // len(part))

        assert negotiate(header) in Language
