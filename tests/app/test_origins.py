"""Origins: how browsers send them, which are of this machine, and how those that are refused are named."""

import pytest

from app.cors import LogThrottle
from app.origins import Origins, parse_origin

_LISTED = Origins(frozenset({"https://app.example.mx", "capacitor://localhost"}))
_DEVELOPMENT = Origins(loopback=True)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://app.example.mx", "https://app.example.mx"),
        ("HTTPS://App.Example.MX", "https://app.example.mx"),
        ("https://app.example.mx:443", "https://app.example.mx"),
        ("http://app.example.mx:80", "http://app.example.mx"),
        ("https://app.example.mx:80", "https://app.example.mx:80"),
        ("https://app.example.mx:08443", "https://app.example.mx:8443"),
        ("https://facturación.mx", "https://xn--facturacin-obb.mx"),
        ("https://FACTURACIO\u0301N.mx:8443", "https://xn--facturacin-obb.mx:8443"),
        ("http://[0:0:0:0:0:0:0:1]:8100", "http://[::1]:8100"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("app://.", "app://."),
        ("moz-extension://0B5F-1", "moz-extension://0b5f-1"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, sent: str) -> None:
    assert parse_origin(written) == sent


@pytest.mark.parametrize("origin", ["https://app.example.mx", "capacitor://localhost", "HTTPS://app.example.mx"])
def test_a_listed_origin_is_allowed(origin: str) -> None:
    assert _LISTED.allows(origin)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "http://app.example.mx",
            "https://app.example.mx:8443",
            "https://app.example.mx/",
            "https://a.app.example.mx",
        ),
        *("https://app.example.mx.evil.example", "https://app.example.mx, https://app.example.mx", "null", "", "*"),
        *("http://localhost", "ionic://localhost", "capacitor://localhost.", "\udc00", "https://" + "a" * 20_000),
    ],
)
def test_no_other_origin_is(origin: str) -> None:
    assert not _LISTED.allows(origin)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "http://localhost",
            "https://localhost:5173",
            "http://127.0.0.1:3000",
            "http://127.1.2.3",
            "http://[::1]:4200",
        ),
        *("http://app.localhost:8080", "http://tauri.localhost", "tauri://localhost", "capacitor://localhost"),
    ],
)
def test_every_page_of_this_machine_is_allowed_in_development(origin: str) -> None:
    assert _DEVELOPMENT.allows(origin)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "https://evil.example",
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://127.0.0.1.evil.example",
        ),
        *("http://192.168.1.5:5173", "http://0.0.0.0:5173", "http://[::2]", "http://[::1", "http://localhost/", "null"),
        *("http://localhost@evil.example", "http://localhost:5173, null", "http://localhost\x00", "[" * 20_000),
    ],
)
def test_no_page_of_another_is_allowed_in_development(origin: str) -> None:
    assert not _DEVELOPMENT.allows(origin)


def test_a_name_is_due_once_an_hour() -> None:
    now = 0.0
    sparingly = LogThrottle(lambda: now)

    first = [sparingly.is_due(name) for name in ("a", "a", "b")]
    now = LogThrottle.SECONDS

    assert first == [True, False, True]
    assert sparingly.is_due("a")


def test_who_invents_names_fills_neither_log_nor_memory() -> None:
    sparingly = LogThrottle(lambda: 0.0)

    due = [sparingly.is_due(str(number)) for number in range(1000)]

    assert sum(due) == LogThrottle.NAMES
