"""Tells a database that is away, or ended a transaction, from a fault of the program."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import asyncpg

from common.errors import DatabaseUnavailableError, TransactionConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncpg.pool import PoolConnectionProxy

_AWAY: Final = (
    OSError,  # refused, reset, no route; also TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
_CONFLICT: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


def is_away(error: BaseException) -> bool:
    """Return whether `error`, raised while connecting, means that the database cannot be reached."""
    return isinstance(error, _AWAY)


@contextmanager
def outages_named(connection: PoolConnectionProxy[asyncpg.Record]) -> Iterator[None]:
    """Turn what the driver raises on `connection` into `DatabaseUnavailableError` or `TransactionConflictError`.

    An exception that did not come from the driver passes as it is, unless the connection was lost under it: then
    nothing of the transaction happened, and the loss is what counts.
    """
    try:
        yield
    except _CONFLICT as error:
        message = f"the database ended the transaction: {error}"
        raise TransactionConflictError(message) from error
    except Exception as error:
        if not (_lost(connection) or (isinstance(error, asyncpg.PostgresError) and is_away(error))):
            raise
        message = f"the connection to the database was lost: {error}"
        raise DatabaseUnavailableError(message) from error


def _lost(connection: PoolConnectionProxy[asyncpg.Record]) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes a connection back by itself when it breaks; the proxy then refuses every question.
        return True
