"""The origins whose pages may use the service, in the form that browsers and web views send (RFC 6454)."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.datastructures import Headers

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Pages with these schemes send the origin null, or one of http or https.
_NEVER_SENT = frozenset({"about", "blob", "data", "file", "javascript", "ws", "wss"})
_FORMAT = (
    "must be origins such as https://app.example.mx or capacitor://localhost: scheme, host and port, without a path"
)


@dataclass(frozen=True, slots=True)
class Origins:
    """The listed origins and, with `loopback`, all origins of this machine."""

    listed: frozenset[str] = frozenset()
    loopback: bool = False

    def allows(self, origin: str) -> bool:
        origin = origin.lower()
        return origin in self.listed or (self.loopback and is_loopback(origin))


def parse_origin(text: str) -> str:
    """Returns the origin as browsers send it: in lower case, with an ASCII host and without the default port.

    Raises ValueError, whose message says what to write instead.
    """
    if text.endswith("/") and not text.endswith("//"):
        raise ValueError("must be origins without a path or a final slash")
    match = _ORIGIN.fullmatch(_in_ascii(text.lower()))
    if match is None or match[1] in _NEVER_SENT:
        raise ValueError(_FORMAT)
    scheme, host, port = match[1], _compressed(match[2]), int(match[3]) if match[3] else None
    if port is not None and not 0 < port <= 65_535:
        raise ValueError("ports must be from 1 to 65535")
    return f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else "")


def is_loopback(origin: str) -> bool:
    """Whether its host is this machine, with any scheme and port. Names under localhost count (RFC 6761)."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        return False
    host = match[2]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin_of(headers: Headers) -> str | None:
    """Returns a request's Origin. Repeated headers, which no browser sends, are joined and match no origin."""
    return ", ".join(headers.getlist("origin")) or None


def own_origin(scheme: str, host: str) -> str:
    """Returns the origin of the pages served under a Host, as browsers send it."""
    try:
        return parse_origin(f"{scheme}://{host}")
    except ValueError:
        return f"{scheme}://{host}".lower()


def _in_ascii(origin: str) -> str:
    """Encodes international host names as browsers do; returns the origin unchanged if that would alter a letter."""
    if origin.isascii():
        return origin
    scheme, separator, rest = unicodedata.normalize("NFC", origin).partition("://")
    host, colon, port = rest.partition(":")
    try:
        ascii_host = host.encode("idna").decode("ascii")
        unaltered = ascii_host.encode("ascii").decode("idna") == host
    except UnicodeError:
        return origin
    return scheme + separator + ascii_host + colon + port if unaltered else origin


def _compressed(host: str) -> str:
    if not host.startswith("["):
        return host
    try:
        return f"[{ip_address(host.strip('[]')).compressed}]"
    except ValueError:
        raise ValueError(_FORMAT) from None
