"""Checks of the database: whether it can be used, its schema, and the mails that wait in it."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from tortoise.connection import get_connection

from app.doctor.finding import Deployment, Finding, described, ok, problem, skipped, warning
from app.settings import Settings
from models.account import Account
from models.delivery import Delivery
from models.migrator import executor_of, pending_migrations
from models.outage import DATABASE_ERRORS
from models.schema_check import missing_parts
from models.sql import fetch
from services.common.clock import utc_now
from services.mail.backlog import mail_backlog

NOT_REACHED = "not without the database"
_MIGRATE = "Run python -m app migrate."
_OVERDUE = timedelta(minutes=5)
_LATE = timedelta(minutes=15)
_OVERDUE_DELETION = timedelta(hours=2)
_POSTGRESQL = """
SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS is_standby,
  current_setting('transaction_read_only') AS read_only, current_setting('max_connections')::int AS connections,
  (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls
"""


async def check_database(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    if _is_absent(settings):
        if settings.development:
            return [skipped("there is none yet; serve creates it")]
        return [problem("there is none yet", _MIGRATE)]
    try:
        async with opened(settings):
            if get_connection("default").capabilities.dialect == "sqlite":
                (row,) = await fetch("SELECT sqlite_version() AS version")
                return [ok(f"SQLite {row['version']}, for the processes of this machine only")]
            (row,) = await fetch(_POSTGRESQL)
    except DATABASE_ERRORS as error:
        return [problem(f"cannot be used: {_first_cause(error)}", _advice(error))]
    found = list(_of_postgresql(settings, row))
    return found or [ok(f"PostgreSQL {row['version']}")]


async def check_schema(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    if _is_absent(settings):
        return [skipped("there is no database yet")]
    try:
        if pending := await pending_migrations(settings.database):
            return [problem(f"the database lacks {', '.join(pending)}", _MIGRATE)]
        async with opened(settings):
            missing = await missing_parts()
    except DATABASE_ERRORS:
        return [skipped(NOT_REACHED)]
    if missing:
        advice = "Somebody changed the schema by hand: add what is missing, or restore a backup."
        return [problem(f"every migration was applied, but there is no {', no '.join(missing)}", advice)]
    return [ok("every migration was applied, and nothing is missing")]


async def check_mails(deployment: Deployment) -> Sequence[Finding]:
    if _is_absent(deployment.settings):
        return [skipped("there is no database yet")]
    now = utc_now()
    try:
        async with opened(deployment.settings):
            backlog = await mail_backlog()
            overdue = await Delivery.filter(pending_key__isnull=False, due_at__lt=now - _OVERDUE).count()
    except DATABASE_ERRORS:
        return [skipped("not without the database and its tables")]
    if overdue:
        advice = "Start a worker, or set WORKER_IN_SERVE=true; if one runs, its log says why."
        return [problem(f"{overdue} mails are due for more than 5 minutes, and nobody sends them", advice)]
    count, oldest = sum(each.waiting for each in backlog), min((each.oldest for each in backlog), default=now)
    if now - oldest > _LATE:
        minutes = int((now - oldest).total_seconds() / 60)
        return [warning(f"{count} mails wait, the oldest for {minutes} minutes", "See the line about smtp.")]
    return [ok(f"{count} wait to be sent")]


async def check_deletions(deployment: Deployment) -> Sequence[Finding]:
    if _is_absent(deployment.settings):
        return [skipped("there is no database yet")]
    try:
        async with opened(deployment.settings):
            late = Account.filter(deletion_turn_at__isnull=False, deletion_due_at__lt=utc_now() - _OVERDUE_DELETION)
            overdue = await late.order_by("deletion_due_at").only("id")
    except DATABASE_ERRORS:
        return [skipped("not without the database and its tables")]
    if overdue:
        text = f"{len(overdue)} accounts should have been deleted, as their owners asked; the first is {overdue[0].id}"
        return [problem(text, "Decide its payments and invoices (the worker's log names them), or start a worker.")]
    return [ok("none is overdue")]


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    """Connects the models for one check, in its own task."""
    async with executor_of(settings.database):
        yield


def _is_absent(settings: Settings) -> bool:
    """Whether it is a file that is not there, which connecting would create."""
    file = settings.database["connections"]["default"]["credentials"].get("file_path")
    return file is not None and not Path(file).exists()


def _of_postgresql(settings: Settings, row: Mapping[str, Any]) -> Iterator[Finding]:
    if row["is_standby"] or row["read_only"] == "on":
        yield problem("this is a standby or read-only", "Make DATABASE_URL lead to the primary.")
    host = urlsplit(settings.database_url.get_secret_value()).hostname if settings.database_url else None
    if row["tls"] is False and host not in {None, "localhost", "127.0.0.1", "::1"}:
        yield warning("the connection is in clear", "Set DATABASE_TLS=verify-full, and TLS on the server.")
    needed = settings.workers * settings.database_pool_maximum
    if needed > row["connections"]:
        text = f"WORKERS * DATABASE_POOL_MAXIMUM is {needed}, and the server takes {row['connections']} connections"
        yield warning(text, "Lower DATABASE_POOL_MAXIMUM, or use PgBouncer in session mode.")


def _first_cause(error: BaseException) -> str:
    """Describes the driver's error, which Tortoise wraps."""
    while isinstance(inner := error.__cause__ or next(iter(error.args), None), Exception):
        error = inner
    return described(error)


def _advice(error: BaseException) -> str:
    text = f"{type(error).__name__} {_first_cause(error)}"
    advice = {
        asyncpg.InvalidPasswordError.__name__: "Correct the user and password in DATABASE_URL.",
        asyncpg.InvalidAuthorizationSpecificationError.__name__: "Correct the user in DATABASE_URL, or pg_hba.conf.",
        asyncpg.InvalidCatalogNameError.__name__: "Create the database, or correct its name in DATABASE_URL.",
        asyncpg.TooManyConnectionsError.__name__: "Lower DATABASE_POOL_MAXIMUM, or raise max_connections.",
        "gaierror": "Correct the host in DATABASE_URL, or the resolver of this machine.",
        "SSL": "Check DATABASE_TLS, and SSL_CERT_FILE for an authority of your own.",
        "ConnectionRefused": "Start the database, or correct the host and port in DATABASE_URL.",
        "not a database": "The file is something else: correct DATABASE_URL or DATA_DIR.",
    }
    matching = (sentence for word, sentence in advice.items() if word in text)
    return next(matching, "See whether the database is up, and whether this machine may reach it.")
