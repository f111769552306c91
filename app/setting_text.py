"""Checks the text of a setting, whatever the setting is: faults that would otherwise be served without a word.

Each raises ValueError with a sentence that repeats no value.
"""

import re
from urllib.parse import unquote_to_bytes, urlsplit

_MAX_LENGTH = 65_536  # of one setting, such as a list of origins
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\$\{\w+\}")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT = re.compile(r":(\d+)\Z", re.ASCII)
_HOST = re.compile(r"\[[0-9A-Fa-f:.%\w]+\]|[^\s\[\]/@,;:'\"%]+")


class MultiLine:
    """Marks a setting that may have several lines, such as keys in PEM."""


def check_text(text: str, *, separator: str | None = None) -> None:
    """Checks a value as it was given. Its parts, if it has a `separator`, may be on lines of their own."""
    if not text.strip():
        raise ValueError("is blank; give it a value, or leave it empty for the default")
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"must have at most {_MAX_LENGTH} characters")
    parts = text.split(separator) if separator else [text]
    if any(_UNPRINTABLE.search(part.strip()) for part in parts):
        raise ValueError("must be UTF-8 without control characters, such as NUL or a line break")
    if any(_is_quoted(part.strip()) for part in ([text, *parts] if separator == "," else [text])):
        raise ValueError("is in quotes, which would be a part of it; remove them")
    if _PLACEHOLDER.search(text):
        raise ValueError("contains ${…}, which nothing has replaced")


def check_server_url(url: str) -> None:
    """Checks what the URLs of databases, Redis and mail servers share, before their own parsers see them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return  # which the parser of this URL explains
    credentials, _, server = parts.netloc.rpartition("@")
    if _PERCENT.search(credentials):
        raise ValueError("the user and password must be percent-encoded: % itself is %25")
    try:
        decoded = unquote_to_bytes(credentials).decode()
    except UnicodeDecodeError:
        raise ValueError("the user and password must be percent-encoded UTF-8") from None
    if _UNPRINTABLE.search(decoded):
        raise ValueError("the user and password must not contain control characters, such as %00 or %0A")
    if "#" in url:
        raise ValueError("must not contain #; in a user or password it is %23")
    port = _PORT.search(server)
    if port and not (len(port[1]) <= 5 and 0 < int(port[1]) <= 65_535):
        raise ValueError("the port must be from 1 to 65535")
    host = server.removesuffix(port[0]) if port else server
    if host and not (_HOST.fullmatch(host) and _is_resolvable(host)):
        raise ValueError("the host must be one name or address, with an IPv6 address in brackets")


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"


def _is_resolvable(host: str) -> bool:
    """Whether a resolver takes the name, whose labels have 1 to 63 characters."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
