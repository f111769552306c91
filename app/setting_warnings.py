"""Warns of settings that are valid, but hardly what somebody wanted. Each warning is a sentence without any value."""

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.settings import Settings
from services.common.limits import Limit
from services.mail.smtp import Security, SmtpServer

_MIN_ARGON2_KIB = 7_168
_MIN_ARGON2_WORK = 35_840  # passes * KiB, of the cheapest parameters that OWASP's cheat sheet allows
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_POSTGRESQL = ("pool_minimum", "pool_maximum", "statement_seconds", "tls", "application_name")
_CAPTCHAS = {  # thresholds, and the limits that they should come before
    "limit_create_account_captcha": "limit_create_account",
    "limit_resend_captcha": "limit_resend",
    "limit_login_captcha": "limit_login",
}


def warnings(settings: Settings) -> list[str]:
    """Returns what `serve` and `worker` print when they start, and `doctor` reports."""
    found = [*_without_effect(settings), *_never_asked(settings)]
    return found if settings.development else [*_payments(settings), *_weak_in_production(settings), *found]


def print_warnings(settings: Settings) -> None:
    for warning in warnings(settings):
        print(warning, file=sys.stderr)


def _payments(settings: Settings) -> Iterator[str]:
    if not (settings.has_paypal or settings.bank_account):
        yield "Nobody can pay: set PAYPAL_… or BANK_DEPOSIT_… (docs/settings.md)."
    elif settings.has_paypal and settings.paypal_sandbox_in_production:
        yield "PAYPAL_SANDBOX_IN_PRODUCTION: nobody pays real money."


def _weak_in_production(settings: Settings) -> Iterator[str]:
    work = settings.argon2_time_cost * settings.argon2_memory_kib
    if settings.argon2_memory_kib < _MIN_ARGON2_KIB or work < _MIN_ARGON2_WORK:
        yield "ARGON2_…: stolen hashes would be cheap to search; keep the defaults, or more."
    if settings.smtp_url:
        server = SmtpServer.parse(settings.smtp_url.get_secret_value())
        if server.security is Security.PLAIN and server.host not in _LOOPBACK:
            what = "the password and the mails" if server.password else "the mails"
            yield f"SMTP_URL: smtp:// sends {what} in clear; use smtp+starttls:// or smtps://."


def _without_effect(settings: Settings) -> Iterator[str]:
    has_postgresql = "postgres" in _scheme(settings)
    needs = {
        "REDIS_URL": (bool(settings.redis_url), ["redis_key_prefix"]),
        "a DATABASE_URL of PostgreSQL": (has_postgresql, [f"database_{name}" for name in _POSTGRESQL]),
        "CAPTCHA_PROVIDER": (
            bool(settings.captcha_provider),
            ["captcha_verification_url", "captcha_hostnames", "captcha_action"],
        ),
        "ACCESS_TOKEN_AUDIENCES": (
            bool(settings.access_token_audiences),
            ["access_token_keys", "access_token_issuer"],
        ),
        "PAYPAL_CLIENT_ID": (settings.has_paypal, ["paypal_base_url"]),
        "PAYPAL_CLIENT_ID or the stand-in": (
            settings.has_paypal or settings.stands_in_for_paypal,
            ["paypal_return_url", "paypal_cancel_url"],
        ),
        "BANK_DEPOSIT_CLABE": (bool(settings.bank_account), ["bank_deposit_days"]),
    }
    for needed, (has_it, names) in needs.items():
        useless = [] if has_it else [name.upper() for name in names if name in settings.model_fields_set]
        if useless:
            yield f"{', '.join(useless)}: without effect, since {needed} is not set."


def _never_asked(settings: Settings) -> Iterator[str]:
    """Yields thresholds that no client reaches, because the limit stops it before."""
    for threshold, limit in _CAPTCHAS.items():
        windows = Limit.parse("", getattr(settings, limit)).windows
        if all(
            any(window.amount <= asked.amount and window.get_expiry() >= asked.get_expiry() for window in windows)
            for asked in Limit.parse("", getattr(settings, threshold)).windows
        ):
            yield f"{threshold.upper()}: no captcha is ever asked for, since {limit.upper()} comes first."


def _scheme(settings: Settings) -> str:
    return urlsplit(settings.database_url.get_secret_value()).scheme if settings.database_url else ""
