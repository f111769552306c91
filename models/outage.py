"""Which errors say that the database is away, too busy or out of room: the same may work later."""

import sqlite3
from collections.abc import Iterator

import asyncpg
from tortoise.exceptions import BaseORMException

DATABASE_ERRORS = (BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError)
"""What a statement may raise for what the database says; Tortoise lets some of its drivers' own errors pass."""

_OF_POSTGRESQL = (
    OSError,  # no connection, or none in time
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting, or cancelled by statement_timeout
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, in the middle of a failover
)
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


def is_outage(error: BaseException) -> bool:
    return any(_is_outage(each) for each in _behind(error))


def is_conflict(error: BaseException) -> bool:
    """A deadlock or a serialization failure: the transaction was undone, and may be tried again at once."""
    return any(isinstance(each, asyncpg.TransactionRollbackError) for each in _behind(error))


def is_lock_timeout(error: BaseException) -> bool:
    """A lock was not to be had in time."""
    return any(isinstance(each, asyncpg.LockNotAvailableError) or _is_busy(each) for each in _behind(error))


def is_lost_connection(error: BaseException) -> bool:
    return any(isinstance(each, asyncpg.PostgresConnectionError) or _is_closed(each) for each in _behind(error))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_SQLITE  # the rest of an extended code says more
    return isinstance(error, _OF_POSTGRESQL) or _is_closed(error)


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.Error) and code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_closed(error: BaseException) -> bool:
    return isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error, and what Tortoise made it of."""
    yield error
    if isinstance(error, BaseORMException):
        yield from (each for each in (error.__cause__, *error.args) if isinstance(each, BaseException))
