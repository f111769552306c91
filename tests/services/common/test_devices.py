"""The kind of device that a User-Agent names."""

import pytest

from services.common.devices import DEVICES, Device, device_of

_LIKE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_LIKE} Chrome/140.0.0.0 Safari/537.36", "Chrome", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_LIKE} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge", "Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {_LIKE} Chrome/140.0 Safari/537.36 OPR/120.0", "Opera", "Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_LIKE} Chrome/140.0 Safari/537.36", "Chrome", "ChromeOS"),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {_LIKE} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            "Samsung Internet",
            "Android",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox", "Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15",
            "Safari",
            "macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1",
            "Chrome",
            "iPhone",
        ),
        ("Facturas/1.0 CFNetwork/1568.100.1 Darwin/24.0.0", None, None),
        ("\0🐍\ud800" * 80, None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_device_has_names_of_ours(user_agent: str | None, browser: str | None, system: str | None) -> None:
    assert device_of(user_agent) == Device(browser, system)
    assert device_of(user_agent) in DEVICES
