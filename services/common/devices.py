"""What kind of device a User-Agent names, in words of a closed list: nothing that somebody typed is repeated."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

# The first that matches counts, since most name others, too: Edge calls itself Chrome and Safari.
_BROWSERS = {
    "Edge": ("Edg/", "EdgA/", "EdgiOS/"),
    "Opera": ("OPR/", "OPiOS/", "OPT/"),
    "Samsung Internet": ("SamsungBrowser/",),
    "Firefox": ("Firefox/", "FxiOS/"),
    "Chrome": ("Chrome/", "CriOS/"),
    "Safari": ("Safari/",),
}
_SYSTEMS = {
    "iPhone": ("iPhone",),
    "iPad": ("iPad",),
    "Android": ("Android",),
    "Windows": ("Windows",),
    "ChromeOS": ("CrOS",),
    "macOS": ("Macintosh",),
    "Linux": ("Linux",),
}


@dataclass(frozen=True, slots=True)
class Device:
    """None is any other."""

    browser: str | None
    system: str | None


DEVICES = tuple(Device(browser, system) for browser, system in product((*_BROWSERS, None), (*_SYSTEMS, None)))


def device_of(user_agent: str | None) -> Device:
    return Device(_first(_BROWSERS, user_agent or ""), _first(_SYSTEMS, user_agent or ""))


def _first(names: Mapping[str, tuple[str, ...]], user_agent: str) -> str | None:
    return next((name for name, tokens in names.items() if any(token in user_agent for token in tokens)), None)
