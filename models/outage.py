"""Recognizes errors of a database that is unavailable, overloaded or full, after which a retry may succeed."""

import sqlite3
from collections.abc import Iterator

import asyncpg
from tortoise.exceptions import BaseORMException

POSTGRESQL_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""The errors that asyncpg may raise because of the database."""

DATABASE_ERRORS = (BaseORMException, *POSTGRESQL_ERRORS, sqlite3.Error)
"""The errors that a statement may raise because of the database. Tortoise does not wrap all errors of its drivers."""

_POSTGRESQL_OUTAGES = (
    OSError,  # no connection, or none in time
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting, or cancelled by statement_timeout
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, in the middle of a failover
)
_SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


def is_outage(error: BaseException) -> bool:
    return any(_is_outage(each) for each in _chain(error))


def is_conflict(error: BaseException) -> bool:
    """Whether it is a deadlock or a serialization failure: the transaction was rolled back, and can be retried now."""
    return any(isinstance(each, asyncpg.TransactionRollbackError) for each in _chain(error))


def is_lock_timeout(error: BaseException) -> bool:
    """Whether a lock could not be acquired in time."""
    return any(isinstance(each, asyncpg.LockNotAvailableError) or _is_busy(each) for each in _chain(error))


def is_lost_connection(error: BaseException) -> bool:
    return any(isinstance(each, asyncpg.PostgresConnectionError) or _is_closed(each) for each in _chain(error))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_OUTAGES  # without the extended code
    return isinstance(error, _POSTGRESQL_OUTAGES) or _is_closed(error)


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.Error) and code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_closed(error: BaseException) -> bool:
    return isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields the error and, if Tortoise raised it, the errors that it wraps."""
    yield error
    if isinstance(error, BaseORMException):
        yield from (each for each in (error.__cause__, *error.args) if isinstance(each, BaseException))
