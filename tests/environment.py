"""Reads settings from an environment, as `python -m app` does."""

from functools import partial

import pytest

from app.settings import InvalidSettingsError, Settings, read_settings
from tests.refusals import refusal

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a key of thirty-two bytes or more",
    "NAMING_KEY": "another key of thirty-two bytes or more",
    "SMTP_URL": "smtp+starttls://ana:word@smtp.example.mx",
    "MAIL_FROM": "cuentas@example.mx",
    "SITE_URL": "https://app.example.mx",
}


def read(**environment: str) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return read_settings()


def fault(**environment: str) -> str:
    """The sentence that stops the start; empty if nothing does."""
    return refusal(partial(read, **environment), error=InvalidSettingsError)
