"""DATABASE_URL → Tortoise's configuration, and the life of its connections."""

import contextlib
import enum
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import asyncpg
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError

_SQLITE = {
    "synchronous": "FULL",  # an account that a client was told about survives a power cut
    "busy_timeout": "5000",  # milliseconds that one process waits for another's write
}
_SHAPE = "give sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME, where a password is percent-encoded"
_CONNECT_SECONDS = 5.0
_NETWORK_SECONDS = 2.0  # that an answer may be late beyond the statement's own time
_ENGINES = {"tortoise.backends.sqlite": "models.engines.sqlite", "tortoise.backends.asyncpg": "models.engines.asyncpg"}
_MODELS = [
    "models.account",
    "models.bank_movement",
    "models.company",
    "models.confirmation_code",
    "models.confirmed_code",
    "models.delivery",
    "models.failure_streak",
    "models.known_network",
    "models.limit_counter",
    "models.mailed_password",
    "models.payment",
    "models.registration",
    "models.series",
    "models.session",
    "models.spent_captcha",
]


class Tls(enum.Enum):
    """As libpq's sslmode. VERIFY_FULL trusts the authorities that OpenSSL does, SSL_CERT_FILE among them."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


@dataclass(frozen=True, slots=True)
class Postgresql:
    """How PostgreSQL is used."""

    pool_minimum: int = 1
    pool_maximum: int = 10
    statement_seconds: float = 5.0
    tls: Tls = Tls.PREFER
    application_name: str = "timbrado-accounts"

    def credentials(self) -> dict[str, Any]:
        """What asyncpg's pool takes beside the URL."""
        return {
            "minsize": self.pool_minimum,
            "maxsize": self.pool_maximum,
            "ssl": ssl.create_default_context() if self.tls is Tls.VERIFY_FULL else self.tls.value,
            "application_name": self.application_name,
            "timeout": _CONNECT_SECONDS,
            "command_timeout": self.statement_seconds + _NETWORK_SECONDS,
            "init": self._limit_statements,
        }

    async def _limit_statements(self, connection: asyncpg.Connection) -> None:
        """By a statement, since PgBouncer refuses a connection that asks for it when it begins."""
        await connection.execute(f"SET statement_timeout = {round(self.statement_seconds * 1000)}")


def tortoise_configuration(url: str, postgresql: Postgresql = Postgresql()) -> dict[str, Any]:
    """What Tortoise and its migrations need. Raises ValueError for a URL of another database or shape."""
    try:
        connection = expand_db_url(url)
        engine = _ENGINES[connection["engine"]]
    except (ConfigurationError, KeyError, ValueError) as error:
        raise ValueError(_SHAPE) from error
    if "asyncpg" in engine and not connection["credentials"]["database"]:
        raise ValueError(f"it names no database: {_SHAPE}")
    if query := urlsplit(url).query:
        names = ", ".join(dict(parse_qsl(query, keep_blank_values=True)))
        raise ValueError(
            f"leave out its options ({names[:100]}): DATABASE_TLS is for sslmode, DATABASE_POOL_… for pools"
        )
    options = _SQLITE if "sqlite" in engine else postgresql.credentials()
    return _configuration(engine, {**options, **connection["credentials"]})


def sqlite_configuration(file: Path) -> dict[str, Any]:
    """The same for a file whose name no URL could hold."""
    return _configuration("models.engines.sqlite", {**_SQLITE, "file_path": str(file)})


def _configuration(engine: str, credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        "connections": {"default": {"engine": engine, "credentials": credentials}},
        "apps": {"accounts": {"models": _MODELS, "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def connected(configuration: dict[str, Any]) -> AsyncIterator[None]:
    """Makes the models usable in every task of this process, and closes the connections at the end."""
    context = TortoiseContext()
    with context:
        await context.init(config=configuration, _enable_global_fallback=True)
    try:
        # Now, and not in the first request: were that cancelled meanwhile, the connection's thread would stay for ever.
        connection = context.connections.get("default")
        if connection.capabilities.dialect == "sqlite":
            await connection.create_connection(with_db=True)
        yield
    finally:
        await context.close_connections()


# For Tortoise's own command line, when a migration is written: it never touches this database.
MIGRATIONS_CONFIG = tortoise_configuration("sqlite://:memory:")
