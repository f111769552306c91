"""What is wrong with settings that are each well formed: a sentence for each, which repeats no value."""

import difflib
import ipaddress
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from app.origins import is_loopback

if TYPE_CHECKING:
    from app.settings import Settings

_MIN_KEY = 32  # bytes
_MIN_CHARACTERS = 8  # that differ: a placeholder has fewer
_MIN_MEMORY = 8  # KiB for each lane (RFC 9106, 3.1)
_ALIKE = 0.85  # of two names, from which one is taken for a mistyped other
_LINKS = ("CONFIRM_URL", "RECOVER_URL", "PAYPAL_RETURN_URL", "PAYPAL_CANCEL_URL")
_SANDBOX = re.compile(r"(.+\.)?sandbox\.paypal\.com\.?")
_SANDBOX_SENTENCE = (
    "PAYPAL_BASE_URL: this is PayPal's sandbox, where whoever likes pays with money that is none; "
    "leave it out, or set PAYPAL_SANDBOX_IN_PRODUCTION=true for a rehearsal"
)
_HOST_SENTENCE = (
    "HOST: development shows secrets, and so listens on loopback alone; set ENVIRONMENT=production, "
    "or DEVELOPMENT_BEYOND_LOOPBACK=true for a network that you trust, with the host that clients use in ALLOWED_HOSTS"
)
_PLAINLY = {
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "float_parsing": "give a number",
    "bool_parsing": "give true or false",
    "greater_than_equal": "give at least {ge}",
    "less_than_equal": "give at most {le}",
    "string_too_long": "give at most {max_length} characters",
    "enum": "give {expected}",
    "path_type": "give a path",
}


def faults(settings: "Settings") -> list[str]:
    found = []
    if settings.argon2_memory_kib < (least := _MIN_MEMORY * settings.argon2_parallelism):
        found.append(f"ARGON2_MEMORY_KIB: give at least {least}, 8 for each of ARGON2_PARALLELISM")
    if not settings.development:
        return found + _of_production(settings)
    if not (_is_loopback(settings.host) or settings.development_beyond_loopback):
        found.append(_HOST_SENTENCE)
    return found


def missing_for_production(settings: "Settings") -> list[str]:
    """The settings without which production does not start."""
    missing = [] if settings.secret_key else [f"SECRET_KEY (of {_MIN_KEY} bytes or more)"]
    given = settings.model_fields_set
    missing += [name.upper() for name in ("smtp_url", "mail_from") if name not in given]
    return missing if "site_url" in given else [*missing, "SITE_URL (https)"]


def _of_production(settings: "Settings") -> list[str]:
    missing = missing_for_production(settings)
    found = [f"production needs {', '.join(missing)}"] if missing else []
    found += _weak_keys([key.get_secret_value() for key in settings.secret_key])
    links = {name: getattr(settings, name.lower()) for name in _LINKS}
    if "site_url" in settings.model_fields_set:
        links["SITE_URL"] = settings.site_url
    found += [
        f"{name}: production needs https" for name, url in links.items() if url and not url.startswith("https://")
    ]
    if settings.paypal_base_url and not _is_https_or_loopback(settings.paypal_base_url):
        found.append("PAYPAL_BASE_URL: production needs https")
    if _is_sandbox(settings.paypal_url) and not settings.paypal_sandbox_in_production:
        found.append(_SANDBOX_SENTENCE)
    if not all(_is_protected(origin) for origin in settings.allowed_origins):
        found.append("ALLOWED_ORIGINS: production needs https, but for loopback")
    return found


def _weak_keys(keys: list[str]) -> Iterator[str]:
    for number, key in enumerate(keys, start=1):
        which = f"key {number} of {len(keys)}" if len(keys) > 1 else "it"
        if (length := len(key.encode("utf-8", "surrogateescape"))) < _MIN_KEY:
            yield f"SECRET_KEY: {which} has {length} bytes, and production needs {_MIN_KEY} or more"
        elif (different := len(set(key))) < _MIN_CHARACTERS:
            characters = (
                "the same character over and over" if different == 1 else f"only {different} different characters"
            )
            yield f"SECRET_KEY: {which} is {characters}, which is easily guessed; make one as .env.example shows"


def _is_sandbox(url: str) -> bool:
    return bool(_SANDBOX.fullmatch(urlsplit(url).hostname or ""))


def _is_loopback(host: str) -> bool:
    """A name may resolve to anything, but for localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_protected(origin: str) -> bool:
    """Its pages come over https, or from the device itself, as those of apps in a web view do."""
    return not origin.startswith("http://") or is_loopback(origin)


def _is_https_or_loopback(url: str) -> bool:
    return url.startswith("https://") or urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def sentence(error: Any, patterns: dict[str, str]) -> str:
    """For one of pydantic's errors; `patterns` say what a field with a pattern takes."""
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "string_pattern_mismatch" and name in patterns:
        told = patterns[name]
    elif error["type"] in _PLAINLY:
        told = _PLAINLY[error["type"]].format(**error.get("ctx", {}))
    else:
        told = str(error["msg"]).removeprefix("Value error, ")
    return f"{name.upper()}: {told}" if name else told


def doubts(settings: Collection[str], environment: Iterable[str], file: Path | None) -> list[str]:
    """What may be mistyped in the environment or in a file .env: no fault, as other programs read both, too."""
    known = {name.upper() for name in settings}
    written = _names(file) if file else []
    twice = [name for name, times in Counter(written).items() if times > 1]
    unknown = sorted({*(name.upper() for name in environment), *written} - known)
    meant = {name: difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in unknown}
    return [f"{name} stands more than once in .env: the last one counts." for name in twice] + [
        f"{name} is no setting. Is it {match[0]}?" for name, match in meant.items() if match
    ]


def _names(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            return [binding.key.upper() for binding in parse_stream(lines) if binding.key]
    except (OSError, UnicodeError):
        return []
