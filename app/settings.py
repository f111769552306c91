"""The environment, read once at start. Nothing else in the project reads it."""

import enum
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.database import sqlite_url, tortoise_configuration


class Environment(enum.Enum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class WrongSettingsError(Exception):
    """The start must stop; the text is a sentence a setting, for the operator."""


def _list(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _secret_list(text: object) -> object:
    return tuple(map(SecretStr, _list(text))) if isinstance(text, str) else text  # type: ignore[call-overload]


def _origin(text: str) -> str:
    scheme, separator, host = text.partition("://")
    if scheme not in {"http", "https"} or not separator or not host or set(host) & set("/?#@ *"):
        raise ValueError("give origins such as https://app.example.mx, without a path")
    return text.lower()


def _database_url(url: SecretStr | None) -> SecretStr | None:
    if url:
        tortoise_configuration(url.get_secret_value())
    return url


List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_list)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_secret_list)]


class Settings(BaseSettings):
    """Twelve-factor names: the setting `data_dir` is the variable DATA_DIR. The README explains each."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True, env_file_encoding="utf-8"
    )

    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=256)
    log_level: str = Field("INFO", pattern="^(?i:DEBUG|INFO|WARNING|ERROR)$")
    secret_key: Secrets = ()
    data_dir: Path = Path("data")
    database_url: Annotated[SecretStr | None, AfterValidator(_database_url)] = None
    allowed_origins: Origins = ()
    allowed_hosts: List = ()
    trusted_proxies: int = Field(0, ge=0, le=10)
    password_minimum_length: int = Field(8, ge=8, le=64)

    @property
    def development(self) -> bool:
        return self.environment is Environment.DEVELOPMENT

    @property
    def origins(self) -> tuple[str, ...]:
        """The SPAs' origins; in development Vite's, where none is set."""
        vite = ("http://localhost:5173", "http://127.0.0.1:5173") if self.development else ()
        return self.allowed_origins or vite

    @property
    def database(self) -> dict[str, Any]:
        """Tortoise's configuration."""
        url = self.database_url.get_secret_value() if self.database_url else sqlite_url(self.data_dir)
        return tortoise_configuration(url)


def read_settings() -> Settings:
    """Raises WrongSettingsError with a sentence that names every wrong setting and repeats no value."""
    production = os.environ.get("ENVIRONMENT", "").lower() == Environment.PRODUCTION.value
    try:
        return Settings(_env_file=None if production else ".env")
    except ValidationError as error:
        raise WrongSettingsError("; ".join(map(_sentence, error.errors()))) from None


def _sentence(error: Any) -> str:
    name = str(error["loc"][0]).upper() + ": " if error["loc"] else ""
    return name + str(error["msg"]).removeprefix("Value error, ")
