"""Checks of the settings themselves."""

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from app.database import Tls
from app.doctor.finding import Deployment, Finding, ok, problem, skipped, warning
from app.secret_files import secret_names
from app.setting_checks import faults
from app.setting_warnings import warnings
from app.settings import Settings, mistyped_settings
from services.common.cpus import usable_cpus

_READ = "See docs/settings.md."
_GENERATE = 'Generate one: python -c "import secrets; print(secrets.token_urlsafe(48))".'
_MIN_BITS = 88  # of the estimate, which is 92 or more for 32 random hexadecimal digits
_BITS_OF_PROSE = 2  # in each character, and rather fewer
_ZLIB_BYTES = 8  # of a header and a checksum
_KNOWN_KEYS = ("thirty-two bytes", "changeme", "change-me", "secret_key", "secret-key", "django-insecure", "example")
_EXAMPLES = ("example.com", "example.org", "example.net", "example.mx")


async def check_settings(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    found = [problem(fault, _READ) for fault in faults(settings)]
    found += [warning(each, "") for each in [*mistyped_settings(), *warnings(settings)]]
    found += _unsafe(settings)
    return found or [ok(f"{settings.environment.value}, {len(settings.model_fields_set)} settings given")]


def _unsafe(settings: Settings) -> Iterator[Finding]:
    """Yields what is allowed, but risky for many who have it in production."""
    if settings.development:
        yield warning("this is development, which reveals secrets", "Set ENVIRONMENT=production to serve others.")
        return
    if "mail_from" in settings.model_fields_set and settings.mail_from.rpartition("@")[2] in _EXAMPLES:
        yield warning("MAIL_FROM is an example", "Give an address of your domain, from which SMTP_URL may send.")
    if not settings.allowed_hosts:
        yield warning("ALLOWED_HOSTS is not set, so any Host is answered", "List the hosts that clients use.")
    if settings.workers > max(1, usable_cpus()):
        cpus = f"{usable_cpus():g}"
        yield warning(f"{settings.workers} WORKERS share {cpus} CPUs", f"Set WORKERS to {cpus} or fewer.")
    if settings.database_url and "postgres" in (url := settings.database_url.get_secret_value()).lower():
        is_remote = urlsplit(url).hostname not in {None, "localhost", "127.0.0.1", "::1"}
        if is_remote and settings.database_tls is not Tls.VERIFY_FULL:
            text = f"DATABASE_TLS is {settings.database_tls.value}, so nobody checks that this is your database"
            yield warning(text, "Set DATABASE_TLS=verify-full, unless the network in between is your own.")


async def check_keys(deployment: Deployment) -> Sequence[Finding]:
    keys = list(_keys(deployment.settings))
    if not keys:
        return [skipped("development generates one in DATA_DIR" if deployment.settings.development else "none is set")]
    found = []
    for name, key in keys:
        if any(known in key.lower() for known in _KNOWN_KEYS):
            found.append(problem(f"{name} looks like an example that others know", _GENERATE))
        elif (bits := estimated_bits(key)) < _MIN_BITS:
            found.append(warning(f"{name} looks typed: its characters have some {bits:.0f} bits", _GENERATE))
    return found or [ok(f"{len(keys)}, as if generated")]


def _keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yields each key of the secret settings that are called keys, with the name of its setting.

    Those of access tokens are no text that somebody types.
    """
    for name in secret_names(type(settings)):
        value = getattr(settings, name) if "key" in name and name != "access_token_keys" else None
        for each in value if isinstance(value, tuple) else (value,):
            if each:
                yield name.upper(), each.get_secret_value()


def estimated_bits(key: str) -> float:
    """Estimates how many bits a key has, and hardly any if somebody typed it: it repeats, counts or is made of words.

    Nothing recognizes a key that was drawn by a bad generator.
    """
    counts = Counter(key)
    entropy = -sum(count * math.log2(count / len(key)) for count in counts.values())
    compressed = (len(zlib.compress(key.encode(), 9)) - _ZLIB_BYTES) * 8
    steps = sum(abs(ord(after) - ord(before)) <= 1 for before, after in pairwise(key))
    words = _BITS_OF_PROSE * len(key) if " " in key else math.inf
    return 0 if steps > len(key) / 2 else min(entropy, compressed, words)
