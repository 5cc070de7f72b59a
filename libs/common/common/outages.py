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
    asyncpg.InterfaceError,  # the connection closed between two steps of its own preparation, or the pool is closing
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
_CONFLICT: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)

DRIVER_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that the driver raises, also when a connection is rolled back, given back or closed."""


def is_away(error: BaseException) -> bool:
    """Return whether `error`, raised while connecting, means that the database cannot be reached."""
    return isinstance(error, _AWAY) and not isinstance(error, asyncpg.ClientConfigurationError)


def is_the_databases(error: Exception, connection: PoolConnectionProxy[asyncpg.Record]) -> bool:
    """Return whether `error`, raised in a transaction on `connection`, is an outage or a conflict, no fault of ours."""
    return (
        isinstance(error, _CONFLICT)
        or _lost(connection)
        or (isinstance(error, asyncpg.PostgresError) and is_away(error))
    )


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
        if not is_the_databases(error, connection):
            raise
        message = f"the connection to the database was lost: {error}"
        raise DatabaseUnavailableError(message) from error


def _lost(connection: PoolConnectionProxy[asyncpg.Record]) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes a connection back by itself when it breaks; the proxy then refuses every question.
        return True
