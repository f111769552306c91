"""Turns DATABASE_URL into Tortoise's configuration, and opens and closes its connections."""

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
    "synchronous": "FULL",  # a committed account survives a power failure
    "busy_timeout": "5000",  # milliseconds that a process waits for another one's write
}
_FORMAT = "must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME, with a percent-encoded password"
_CONNECT_SECONDS = 5.0
_NETWORK_SECONDS = 2.0  # added to the statement's own time-out
_ENGINES = {"tortoise.backends.sqlite": "sqlite", "tortoise.backends.asyncpg": "asyncpg"}  # in models/engines/
_MODELS = [
    "models.account",
    "models.api_client",
    "models.api_client_secret",
    "models.audit_event",
    "models.bank_movement",
    "models.company",
    "models.confirmation_code",
    "models.confirmed_code",
    "models.delivery",
    "models.email_change",
    "models.email_change_code",
    "models.event",
    "models.event_feed",
    "models.export_link",
    "models.failure_streak",
    "models.heartbeat",
    "models.invoice_reservation",
    "models.known_network",
    "models.limit_counter",
    "models.login_challenge",
    "models.mailed_password",
    "models.passkey",
    "models.passkey_challenge",
    "models.payment",
    "models.privacy_acceptance",
    "models.recovery_code",
    "models.registration",
    "models.remembered_device",
    "models.retained_payment",
    "models.series",
    "models.session",
    "models.spent_captcha",
    "models.totp_factor",
    "models.webhook_endpoint",
]


class Tls(enum.Enum):
    """Like libpq's sslmode. VERIFY_FULL trusts the same authorities as OpenSSL, including SSL_CERT_FILE."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


@dataclass(frozen=True, slots=True)
class Postgresql:
    """The options of connections to PostgreSQL."""

    pool_minimum: int = 1
    pool_maximum: int = 10
    statement_seconds: float = 5.0
    tls: Tls = Tls.PREFER
    application_name: str = "timbrado-accounts"

    def credentials(self) -> dict[str, Any]:
        """Returns the arguments of asyncpg's pool, except those in the URL."""
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
        """Uses a statement, because PgBouncer refuses statement_timeout as a startup parameter."""
        await connection.execute(f"SET statement_timeout = {round(self.statement_seconds * 1000)}")


def tortoise_configuration(url: str, postgresql: Postgresql = Postgresql(), *, traced: bool = False) -> dict[str, Any]:
    """Returns the configuration of Tortoise and its migrations. Raises ValueError for an invalid URL.

    `traced` chooses the clients that trace statements.
    """
    try:
        connection = expand_db_url(url)
        engine = _ENGINES[connection["engine"]]
    except (ConfigurationError, KeyError, ValueError) as error:
        raise ValueError(_FORMAT) from error
    if engine == "asyncpg" and not connection["credentials"]["database"]:
        raise ValueError(f"the name of the database is missing: {_FORMAT}")
    if query := urlsplit(url).query:
        names = ", ".join(dict(parse_qsl(query, keep_blank_values=True)))
        raise ValueError(
            f"must not have options ({names[:100]}): use DATABASE_TLS for sslmode and DATABASE_POOL_… for pools"
        )
    options = _SQLITE if engine == "sqlite" else postgresql.credentials()
    return _configuration(engine, {**options, **connection["credentials"]}, traced=traced)


def sqlite_configuration(file: Path, *, traced: bool = False) -> dict[str, Any]:
    """Returns the configuration for a file of any name, including one that cannot be in a URL."""
    return _configuration("sqlite", {**_SQLITE, "file_path": str(file)}, traced=traced)


def _configuration(engine: str, credentials: dict[str, Any], *, traced: bool = False) -> dict[str, Any]:
    module = f"models.engines.{'traced_' if traced else ''}{engine}"
    return {
        "connections": {"default": {"engine": module, "credentials": credentials}},
        "apps": {"accounts": {"models": _MODELS, "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def connected(configuration: dict[str, Any]) -> AsyncIterator[None]:
    """Makes the models usable in every task of this process. Closes the connections at the end."""
    context = TortoiseContext()
    with context:
        await context.init(config=configuration, _enable_global_fallback=True)
    try:
        # Connect now: if the first request did so and was cancelled, the connection's thread would never end.
        connection = context.connections.get("default")
        if connection.capabilities.dialect == "sqlite":
            await connection.create_connection(with_db=True)
        yield
    finally:
        await context.close_connections()


# For Tortoise's command line, which writes migrations without opening this database.
MIGRATIONS_CONFIG = tortoise_configuration("sqlite://:memory:")
