"""Origins: how browsers send them, which are of this machine, and how those that are refused are named."""

from app.cors import LogThrottle
from app.origins import Origins, parse_origin

_LISTED = Origins(frozenset({"https://app.example.mx", "capacitor://localhost"}))
_DEVELOPMENT = Origins(loopback=True)


def test_an_origin_is_kept_as_browsers_send_it() -> None:
    origins = {
        "https://app.example.mx": "https://app.example.mx",
        "HTTPS://App.Example.MX": "https://app.example.mx",
        "https://app.example.mx:443": "https://app.example.mx",
        "http://app.example.mx:80": "http://app.example.mx",
        "https://app.example.mx:80": "https://app.example.mx:80",
        "https://app.example.mx:08443": "https://app.example.mx:8443",
        "https://facturación.mx": "https://xn--facturacin-obb.mx",
        "https://FACTURACIO\u0301N.mx:8443": "https://xn--facturacin-obb.mx:8443",
        "http://[0:0:0:0:0:0:0:1]:8100": "http://[::1]:8100",
        "capacitor://localhost": "capacitor://localhost",
        "app://.": "app://.",
        "moz-extension://0B5F-1": "moz-extension://0b5f-1",
    }

    assert {written: parse_origin(written) for written in origins} == origins


def test_a_listed_origin_is_allowed() -> None:
    origins = ["https://app.example.mx", "capacitor://localhost", "HTTPS://app.example.mx"]

    assert [origin[:60] for origin in origins if not _LISTED.allows(origin)] == []


def test_an_origin_that_is_not_listed_is_refused() -> None:
    origins = [
        "http://app.example.mx",
        "https://app.example.mx:8443",
        "https://app.example.mx/",
        "https://a.app.example.mx",
        "https://app.example.mx.evil.example",
        "https://app.example.mx, https://app.example.mx",
        "null",
        "",
        "*",
        "http://localhost",
        "ionic://localhost",
        "capacitor://localhost.",
        "\udc00",
        "https://" + "a" * 20_000,
    ]

    assert [origin[:60] for origin in origins if _LISTED.allows(origin)] == []


def test_every_page_of_this_machine_is_allowed_in_development() -> None:
    origins = [
        "http://localhost",
        "https://localhost:5173",
        "http://127.0.0.1:3000",
        "http://127.1.2.3",
        "http://[::1]:4200",
        "http://app.localhost:8080",
        "http://tauri.localhost",
        "tauri://localhost",
        "capacitor://localhost",
    ]

    assert [origin[:60] for origin in origins if not _DEVELOPMENT.allows(origin)] == []


def test_no_page_of_another_machine_is_allowed_in_development() -> None:
    origins = [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://evillocalhost",
        "http://127.0.0.1.evil.example",
        "http://192.168.1.5:5173",
        "http://0.0.0.0:5173",
        "http://[::2]",
        "http://[::1",
        "http://localhost/",
        "null",
        "http://localhost@evil.example",
        "http://localhost:5173, null",
        "http://localhost\x00",
        "[" * 20_000,
    ]

    assert [origin[:60] for origin in origins if _DEVELOPMENT.allows(origin)] == []


def test_a_name_is_logged_once_an_hour() -> None:
    now = 0.0
    sparingly = LogThrottle(lambda: now)

    first = [sparingly.is_due(name) for name in ("a", "a", "b")]
    now = LogThrottle.SECONDS

    assert first == [True, False, True]
    assert sparingly.is_due("a")


def test_invented_names_fill_neither_the_log_nor_the_memory() -> None:
    sparingly = LogThrottle(lambda: 0.0)

    due = [sparingly.is_due(str(number)) for number in range(1000)]

    assert sum(due) == LogThrottle.NAMES
