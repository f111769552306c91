"""The types of the settings, each of which checks one value by itself. No error repeats a value."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from app.database import tortoise_configuration
from app.manifests import read_manifests
from app.origins import is_loopback, parse_origin
from app.passkey_apps import AndroidApp, parse_apple_app
from app.setting_text import MultiLine, check_server_url
from services.accounts.email import parse_email
from services.common.limits import Limit
from services.mail.site import check_site_name
from services.mail.smtp import SmtpServer
from services.payments.bank.clabe import parse_clabe
from services.payments.plans import Plans

PAYPAL_LIVE = "https://api-m.paypal.com"
_URL = re.compile(r"https?://(\w[\w.-]*|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?([/?#][!-~]*)?", re.IGNORECASE | re.ASCII)
_MAX_AMOUNT = 1_000_000_000  # of a limit
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]+\*?")
_REDIS = re.compile(r"rediss?://([^@/\s]*@)?([^:@/\s]+|\[[0-9a-fA-F:]+\]):\d{1,5}(/\d{0,4})?", re.ASCII)
_AUDIENCE = re.compile(r"[!-+\--~]{1,200}")
_ISSUER = re.compile(r"[^?#]{1,200}")
_NAME = r"[\w-]{1,63}(\.[\w-]{1,63})*\.?"
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)
_HOST = re.compile(rf"{_NAME}|[0-9a-fA-F:.]*:[0-9a-fA-F:.%\w]*", re.ASCII)
_SERVED_HOST = re.compile(rf"{_NAME}|\[[0-9a-fA-F:]+\]", re.ASCII)


def _list(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _networks(text: object) -> object:
    try:
        return tuple(map(ip_network, parts)) if isinstance(parts := _list(text), tuple) else text
    except ValueError:
        raise ValueError("must be networks such as 10.20.0.0/16 or fd00::/8, separated by commas") from None


def _secret_list(text: object) -> object:
    return tuple(map(SecretStr, _list(text))) if isinstance(text, str) else text  # type: ignore[call-overload]


def _one_key(key: SecretStr | None) -> SecretStr | None:
    if key and "," in key.get_secret_value():  # which would split it in SECRET_KEYS_ALSO_ACCEPTED
        raise ValueError("must be one key, without a comma; the others go into SECRET_KEYS_ALSO_ACCEPTED")
    return _stripped(key)


def _stripped(key: SecretStr | None) -> SecretStr | None:
    """Strips spaces as from the keys in a list, so that a key is the same one in each setting."""
    return SecretStr(key.get_secret_value().strip()) if key and key.get_secret_value().strip() else None


def _header_name(text: str) -> str:
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be header names such as x-client-version; a final asterisk allows any ending")
    return text.lower()


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]") if text.startswith("[") else text
    if "://" in text or not _HOST.fullmatch(host) or re.fullmatch(r"[^:]+:\d+", host):
        raise ValueError("must be an address or a name to listen on, such as 127.0.0.1, without a scheme or PORT")
    return host


def _served_host(text: str) -> str:
    if not _SERVED_HOST.fullmatch(text):
        raise ValueError("must be hosts such as api.example.mx, without a scheme, a port or an asterisk, and in ASCII")
    return text


def _redis_url(url: SecretStr | None) -> SecretStr | None:
    if url:
        check_server_url(url.get_secret_value())
        if not _REDIS.fullmatch(url.get_secret_value()):
            raise ValueError("must be redis://USER:PASSWORD@HOST:PORT/NUMBER or rediss://…, with a port such as 6379")
    return url


def _smtp_url(url: SecretStr | None) -> SecretStr | None:
    if url:
        check_server_url(url.get_secret_value())
        SmtpServer.parse(url.get_secret_value())
    return url


def _address(text: str) -> str:
    address = parse_email(text)
    if address is None:
        raise ValueError("must be one e-mail address, without a name")
    return address.address


def _optional_address(text: str | None) -> str | None:
    return _address(text) if text else None


def _url(text: str | None) -> str | None:
    if text and not is_url(text):
        raise ValueError("must be one URL such as https://app.example.mx/entrar, without spaces")
    return text


def is_url(text: str) -> bool:
    try:
        port = urlsplit(text).port
    except ValueError:
        return False
    return port != 0 and bool(_URL.fullmatch(text))


def _paypal_url(text: str | None) -> str | None:
    if text and not is_url(text):
        raise ValueError(f"must be the URL of PayPal's API, such as {PAYPAL_LIVE}")
    return text


def _code_url(text: str | None) -> str | None:
    """Requires the code in the fragment, because servers and proxies log paths and queries."""
    if text and "{code}" not in text.partition("#")[2]:
        raise ValueError("must be a URL with {code} after a #, such as https://app.example.mx/confirmar#{code}")
    return _url(text)


def _threshold(notation: str) -> str:
    """Checks the limit of what needs a captcha above it, so that 0 means always."""
    try:
        limit = Limit.parse("", notation)
    except ValueError:
        raise ValueError("must be limits such as 5/15 minutes or 1/minute;10/day") from None
    amounts = [window.amount for window in limit.windows]
    if amounts[-1] > _MAX_AMOUNT:
        raise ValueError(f"must allow at most {_MAX_AMOUNT:,} in a window")
    if any(longer <= shorter for shorter, longer in pairwise(amounts)):
        raise ValueError("each longer window must allow more than the shorter ones, or those would never count")
    return notation


def _limit(notation: str) -> str:
    if any(window.amount == 0 for window in Limit.parse("", _threshold(notation)).windows):
        raise ValueError("0 would refuse everybody; allow at least 1 in each window")
    return notation


def _database_url(url: SecretStr | None) -> SecretStr | None:
    if url:
        scheme, _, rest = url.get_secret_value().partition("://")
        if rest.startswith(":memory:"):
            raise ValueError("a database in memory is lost when the process ends; give sqlite://PATH")
        if scheme != "sqlite":
            check_server_url(url.get_secret_value())
        tortoise_configuration(url.get_secret_value())
    return url


def _clabe(text: str | None) -> str | None:
    clabe = parse_clabe(text) if text else None
    if text and clabe is None:
        raise ValueError("must be a CLABE of 18 digits with a correct check digit")
    return clabe


def _plans_file(path: Path | None) -> Path | None:
    if path:
        Plans.read(path)
    return path


def _manifests(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    read_manifests(paths)
    return paths


def _audience(text: str) -> str:
    if not _AUDIENCE.fullmatch(text):
        raise ValueError("must be names of APIs such as https://api.example.mx, in ASCII without spaces")
    return text


def _issuer(text: str | None) -> str | None:
    if text and not (is_url(text) and _ISSUER.fullmatch(text)):
        raise ValueError("must be a URL such as https://cuentas.example.mx, without ? and #")
    return text


def _access_token_keys(keys: SecretStr | None) -> SecretStr | None:
    if keys:
        from services.access.keys import SigningKeys  # loads OpenSSL, which takes 0.1 seconds

        SigningKeys.parse(keys.get_secret_value())
    return keys


def _passkey_domain(text: str | None) -> str | None:
    if text and not (_DOMAIN.fullmatch(text) and not text.rpartition(".")[2].isdigit()):
        raise ValueError("must be a domain such as example.mx, in lower case and ASCII, and no address")
    return text


def _passkey_origin(text: str) -> str:
    origin = parse_origin(text)
    if not (origin.startswith("https://") or is_loopback(origin)):
        raise ValueError("must be origins of pages over https, such as https://app.example.mx")
    return origin


def _android_app(text: object) -> object:
    return AndroidApp.parse(text) if isinstance(text, str) else text


PasskeyDomain = Annotated[str | None, AfterValidator(_passkey_domain)]
PasskeyOrigins = Annotated[
    tuple[Annotated[str, AfterValidator(_passkey_origin)], ...], NoDecode, BeforeValidator(_list)
]
AndroidApps = Annotated[
    tuple[Annotated[AndroidApp, BeforeValidator(_android_app)], ...], NoDecode, BeforeValidator(_list)
]
AppleApps = Annotated[tuple[Annotated[str, AfterValidator(parse_apple_app)], ...], NoDecode, BeforeValidator(_list)]
OriginList = Annotated[tuple[Annotated[str, AfterValidator(parse_origin)], ...], NoDecode, BeforeValidator(_list)]
HeaderNames = Annotated[tuple[Annotated[str, AfterValidator(_header_name)], ...], NoDecode, BeforeValidator(_list)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_served_host)], ...], NoDecode, BeforeValidator(_list)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
LimitNotation = Annotated[str, AfterValidator(_limit)]
ThresholdNotation = Annotated[str, AfterValidator(_threshold)]
Manifests = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_list), AfterValidator(_manifests)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_secret_list)]
BindHost = Annotated[str, AfterValidator(_host)]
OneKey = Annotated[SecretStr | None, AfterValidator(_one_key)]
Key = Annotated[SecretStr | None, AfterValidator(_stripped)]
EventLoop = Literal["auto", "asyncio", "uvloop"]
RedisUrl = Annotated[SecretStr | None, AfterValidator(_redis_url)]
DatabaseUrl = Annotated[SecretStr | None, AfterValidator(_database_url)]
SmtpUrl = Annotated[SecretStr | None, AfterValidator(_smtp_url)]
Address = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[str | None, AfterValidator(_optional_address)]
SiteName = Annotated[str, AfterValidator(check_site_name)]
Url = Annotated[str, AfterValidator(_url)]
CodeUrl = Annotated[str | None, AfterValidator(_code_url)]
OptionalUrl = Annotated[str | None, AfterValidator(_url)]
PlansFile = Annotated[Path | None, AfterValidator(_plans_file)]
PayPalUrl = Annotated[str | None, AfterValidator(_paypal_url)]
Audiences = Annotated[tuple[Annotated[str, AfterValidator(_audience)], ...], NoDecode, BeforeValidator(_list)]
Issuer = Annotated[str | None, AfterValidator(_issuer)]
AccessTokenKeys = Annotated[SecretStr | None, MultiLine, AfterValidator(_access_token_keys)]
Clabe = Annotated[str | None, AfterValidator(_clabe)]
