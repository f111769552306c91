"""Checks settings against each other. Each problem is a sentence that repeats no value."""

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
from services.captcha.provider import ProviderName

if TYPE_CHECKING:
    from app.settings import Settings

_MIN_KEY_BYTES = 32
_MIN_DISTINCT_CHARACTERS = 8  # placeholders have fewer
_MIN_LANE_KIB = 8  # of memory for each lane (RFC 9106, 3.1)
_MIN_SIMILARITY = 0.85  # at which a name is taken for a mistyped setting
_LINKS = ("CONFIRM_URL", "RECOVER_URL", "PAYPAL_RETURN_URL", "PAYPAL_CANCEL_URL")
_SANDBOX = re.compile(r"(.+\.)?sandbox\.paypal\.com\.?")
_SANDBOX_SENTENCE = (
    "PAYPAL_BASE_URL: this is PayPal's sandbox, where anyone can pay with play money; "
    "remove it, or set PAYPAL_SANDBOX_IN_PRODUCTION=true for a rehearsal"
)
_HOST_SENTENCE = (
    "HOST: development reveals secrets, so it listens only on loopback; set ENVIRONMENT=production, "
    "or DEVELOPMENT_BEYOND_LOOPBACK=true for a network that you trust, with the host that clients use in ALLOWED_HOSTS"
)
_SENTENCES = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "enum": "must be {expected}",
    "path_type": "must be a path",
}


def faults(settings: "Settings") -> list[str]:
    """Returns the problems that stop the start."""
    found = []
    if settings.argon2_memory_kib < (minimum := _MIN_LANE_KIB * settings.argon2_parallelism):
        found.append(f"ARGON2_MEMORY_KIB: must be at least {minimum}, which is {_MIN_LANE_KIB} * ARGON2_PARALLELISM")
    if settings.captcha_action and settings.captcha_provider is ProviderName.HCAPTCHA:
        found.append("CAPTCHA_ACTION: hcaptcha reports no action; remove it")
    if not settings.development:
        return found + _of_production(settings)
    if not (_is_loopback(settings.host) or settings.development_beyond_loopback):
        found.append(_HOST_SENTENCE)
    return found


def missing_for_production(settings: "Settings") -> list[str]:
    """Returns the settings that are missing and without which production does not start."""
    missing = [] if settings.secret_key else [f"SECRET_KEY (at least {_MIN_KEY_BYTES} bytes)"]
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
    apis = {
        "PAYPAL_BASE_URL": settings.paypal_base_url,
        "CAPTCHA_VERIFICATION_URL": settings.captcha_verification_url,
    }
    found += [f"{name}: production needs https" for name, url in apis.items() if url and not _is_https_or_loopback(url)]
    if settings.test_mode:
        found.append("TEST_MODE: it reveals captchas and lifts limits, so production refuses it")
    if _is_sandbox(settings.paypal_url) and not settings.paypal_sandbox_in_production:
        found.append(_SANDBOX_SENTENCE)
    if not all(_is_protected(origin) for origin in settings.allowed_origins):
        found.append("ALLOWED_ORIGINS: production needs https, except for loopback")
    return found


def _weak_keys(keys: list[str]) -> Iterator[str]:
    for number, key in enumerate(keys, start=1):
        which = f"key {number} of {len(keys)}" if len(keys) > 1 else "the key"
        if (length := len(key.encode("utf-8", "surrogateescape"))) < _MIN_KEY_BYTES:
            yield f"SECRET_KEY: {which} has {length} bytes; production needs at least {_MIN_KEY_BYTES}"
        elif (distinct := len(set(key))) < _MIN_DISTINCT_CHARACTERS:
            characters = (
                "the same character over and over" if distinct == 1 else f"only {distinct} different characters"
            )
            yield f"SECRET_KEY: {which} is {characters}, which is easy to guess; generate one as .env.example shows"


def _is_sandbox(url: str) -> bool:
    return bool(_SANDBOX.fullmatch(urlsplit(url).hostname or ""))


def _is_loopback(host: str) -> bool:
    """Whether the host is loopback. The only such name is localhost, since any other may resolve to anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_protected(origin: str) -> bool:
    """Whether its pages come over https or from the device itself, as those of apps in a web view do."""
    return not origin.startswith("http://") or is_loopback(origin)


def _is_https_or_loopback(url: str) -> bool:
    return url.startswith("https://") or urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def sentence(error: Any, patterns: dict[str, str]) -> str:
    """Describes one of pydantic's errors; `patterns` maps a field to the description of its pattern."""
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "string_pattern_mismatch" and name in patterns:
        text = patterns[name]
    elif error["type"] in _SENTENCES:
        text = _SENTENCES[error["type"]].format(**error.get("ctx", {}))
    else:
        text = str(error["msg"]).removeprefix("Value error, ")
    return f"{name.upper()}: {text}" if name else text


def doubts(settings: Collection[str], environment: Iterable[str], file: Path | None) -> list[str]:
    """Returns warnings about names in the environment and .env that look mistyped.

    These do not stop the start, since other programs also read both.
    """
    known = {name.upper() for name in settings}
    in_file = _names(file) if file else []
    repeated = [name for name, times in Counter(in_file).items() if times > 1]
    unknown = sorted({*(name.upper() for name in environment), *in_file} - known)
    similar = {name: difflib.get_close_matches(name, known, n=1, cutoff=_MIN_SIMILARITY) for name in unknown}
    return [f"{name} appears more than once in .env: the last value counts." for name in repeated] + [
        f"{name} is not a setting. Did you mean {matches[0]}?" for name, matches in similar.items() if matches
    ]


def _names(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            return [binding.key.upper() for binding in parse_stream(lines) if binding.key]
    except (OSError, UnicodeError):
        return []
