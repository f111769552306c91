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
from pydantic import SecretStr

from app.origins import is_loopback
from app.traces.extra import is_installed
from services.captcha.provider import ProviderName

if TYPE_CHECKING:
    from app.settings import Settings

EXAMPLE_CLABE = "002010077777777771"
_MIN_KEY_BYTES = 32
PRODUCTION_NEEDS = {
    "secret_key": f"SECRET_KEY (at least {_MIN_KEY_BYTES} bytes)",
    "naming_key": f"NAMING_KEY (at least {_MIN_KEY_BYTES} bytes)",
    "smtp_url": "SMTP_URL",
    "mail_from": "MAIL_FROM",
    "site_url": "SITE_URL (https)",
}
"""What production must be given, and how a sentence names it. A command may need less of it."""

KEYS = ("secret_key", "naming_key")
"""What a command needs that works with accounts, whose counters and captchas hang on it."""

_PAYPAL = ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id")
_ACCESS_TOKENS = {"access_token_keys": "ACCESS_TOKEN_KEYS", "access_token_issuer": "ACCESS_TOKEN_ISSUER (https)"}
_BANK_DEPOSIT = ("bank_deposit_clabe", "bank_deposit_bank", "bank_deposit_beneficiary")
_CAPTCHA_PROVIDER = ("captcha_provider", "captcha_site_key", "captcha_secret")
_PRIVACY_NOTICE = ("privacy_notice_version", "privacy_notice_url")
_MIN_WORK = 1_000  # keys, which take a program a second
_MIN_DISTINCT_CHARACTERS = 8  # placeholders have fewer
_MIN_LANE_KIB = 8  # of memory for each lane (RFC 9106, 3.1)
_MIN_SIMILARITY = 0.85  # at which a name is taken for a mistyped setting
_OUR_PREFIXES = (
    "ACCESS_TOKEN_",
    "ALLOWED_",
    "ARGON2_",
    "BANK_DEPOSIT_",
    "CAPTCHA_",
    "LIMIT_",
    "PASSKEY_",
    "PAYPAL_",
    "TRUSTED_",
)
_LINKS = (
    *("ACCESS_TOKEN_ISSUER", "CONFIRM_URL", "CONFIRM_EMAIL_URL", "REVERT_EMAIL_URL", "EXPORT_URL", "RECOVER_URL"),
    "PRIVACY_NOTICE_URL",
    *("PAYPAL_RETURN_URL", "PAYPAL_CANCEL_URL"),
)
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


def faults(settings: "Settings", needs: Collection[str] = PRODUCTION_NEEDS) -> list[str]:
    """Returns the problems that stop the start; `needs` names what production must be given."""
    found = [*_contradictions(settings), *_incomplete(settings), *_passkeys(settings), *_tracing(settings)]
    if not settings.development:
        return [*_missing(settings, needs), *found, *_of_production(settings)]
    if not (_is_loopback(settings.host) or settings.development_beyond_loopback):
        found.append(_HOST_SENTENCE)
    return found


def missing_for_production(settings: "Settings", needs: Collection[str] = PRODUCTION_NEEDS) -> list[str]:
    """Returns the settings that are missing and without which production does not start."""
    given = {name for name in settings.model_fields_set if getattr(settings, name)}
    needed = {name: description for name, description in PRODUCTION_NEEDS.items() if name in needs}
    if settings.access_token_audiences and needed == PRODUCTION_NEEDS:  # a command that needs less issues no tokens
        needed |= _ACCESS_TOKENS
    return [description for name, description in needed.items() if name not in given]


def _missing(settings: "Settings", needs: Collection[str]) -> Iterator[str]:
    if missing := missing_for_production(settings, needs):
        ignored = "; it does not read .env" if Path(".env").is_file() else ""
        yield f"production needs {', '.join(missing)}{ignored}"


def _contradictions(settings: "Settings") -> Iterator[str]:
    if settings.argon2_memory_kib < (minimum := _MIN_LANE_KIB * settings.argon2_parallelism):
        yield f"ARGON2_MEMORY_KIB: must be at least {minimum}, which is {_MIN_LANE_KIB} * ARGON2_PARALLELISM"
    if settings.captcha_action and settings.captcha_provider is ProviderName.HCAPTCHA:
        yield "CAPTCHA_ACTION: hcaptcha reports no action; remove it"
    if settings.database_pool_minimum > settings.database_pool_maximum:
        yield "DATABASE_POOL_MINIMUM is greater than DATABASE_POOL_MAXIMUM"
    if "session_idle_days" in settings.model_fields_set and settings.session_idle_days > settings.session_days:
        yield "SESSION_IDLE_DAYS is greater than SESSION_DAYS, after which every session has ended; lower it"


def _passkeys(settings: "Settings") -> Iterator[str]:
    domain, host = settings.passkey_rp_id, urlsplit(settings.site_origin).hostname or ""
    if domain and not settings.passkey_origins and f".{host}".removesuffix(f".{domain}") == f".{host}":
        yield "PASSKEY_RP_ID: pages of SITE_URL are not under this domain; list those that are in PASSKEY_ORIGINS"


def _tracing(settings: "Settings") -> Iterator[str]:
    if settings.tracing and not is_installed():
        yield "TRACING: needs OpenTelemetry; install the packages of requirements-tracing.lock, or set TRACING=false"


def _incomplete(settings: "Settings") -> Iterator[str]:
    for group in (_PAYPAL, _BANK_DEPOSIT, _CAPTCHA_PROVIDER, _PRIVACY_NOTICE):
        missing = [name.upper() for name in group if not getattr(settings, name)]
        if missing and len(missing) < len(group):
            yield f"{', '.join(missing)} must be set too"


def _of_production(settings: "Settings") -> Iterator[str]:
    yield from _weak_keys("SECRET_KEY", settings.secret_key)
    yield from _weak_keys("SECRET_KEYS_ALSO_ACCEPTED", *settings.secret_keys_also_accepted)
    yield from _weak_keys("NAMING_KEY", settings.naming_key)
    links = {name: getattr(settings, name.lower()) for name in _LINKS}
    if "site_url" in settings.model_fields_set:
        links["SITE_URL"] = settings.site_url
    apis = {
        "PAYPAL_BASE_URL": settings.paypal_base_url,
        "CAPTCHA_VERIFICATION_URL": settings.captcha_verification_url,
    }
    plain = [name for name, url in links.items() if url and not url.lower().startswith("https://")]
    plain += [name for name, url in apis.items() if url and not _is_https_or_loopback(url)]
    yield from (f"{name}: production needs https" for name in plain)
    if settings.test_mode:
        yield "TEST_MODE: it reveals captchas and lifts limits, so production refuses it"
    if _is_sandbox(settings.paypal_url) and not settings.paypal_sandbox_in_production:
        yield _SANDBOX_SENTENCE
    if not all(_is_protected(origin) for origin in settings.allowed_origins):
        yield "ALLOWED_ORIGINS: production needs https, except for loopback"
    if settings.bank_deposit_clabe == EXAMPLE_CLABE:
        yield "BANK_DEPOSIT_CLABE: this is the example's, to which nobody can pay"
    if 0 < settings.captcha_proof_of_work < _MIN_WORK:
        yield f"CAPTCHA_PROOF_OF_WORK: production needs at least {_MIN_WORK}, or 0 to switch it off"


def _weak_keys(setting: str, *given: SecretStr | None) -> Iterator[str]:
    keys = [key.get_secret_value() for key in given if key]
    for number, key in enumerate(keys, start=1):
        which = f"key {number} of {len(keys)}" if len(keys) > 1 else "the key"
        if (length := len(key.encode("utf-8", "surrogateescape"))) < _MIN_KEY_BYTES:
            yield f"{setting}: {which} has {length} bytes; production needs at least {_MIN_KEY_BYTES}"
        elif (distinct := len(set(key))) < _MIN_DISTINCT_CHARACTERS:
            characters = (
                "the same character over and over" if distinct == 1 else f"only {distinct} different characters"
            )
            yield f"{setting}: {which} is {characters}, which is easy to guess; generate one as .env.example shows"


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
    return url.lower().startswith("https://") or urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


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
    doubtful = [f"{name} appears more than once in .env: the last value counts." for name in repeated]
    for name in unknown:
        if similar := difflib.get_close_matches(name, known, n=1, cutoff=_MIN_SIMILARITY):
            doubtful.append(f"{name} is not a setting. Did you mean {similar[0]}?")
        elif name.startswith(_OUR_PREFIXES):
            doubtful.append(f"{name} is not a setting.")
    return doubtful


def _names(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            return [binding.key.upper() for binding in parse_stream(lines) if binding.key]
    except (OSError, UnicodeError):
        return []
