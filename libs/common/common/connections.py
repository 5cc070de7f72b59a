"""Connections of a database that may be away: made patiently, given back whatever happens, never waited for long."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

import asyncpg
import structlog

from common.errors import DatabaseUnavailableError
from common.outages import DRIVER_ERRORS, is_away

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from asyncpg import Connection, Pool, Record
    from asyncpg.pool import PoolConnectionProxy

log = structlog.get_logger()
T = TypeVar("T")

CLOSE_TIMEOUT_SECONDS: Final = 5.0
"""How long a connection, or a pool, may take to close in good order."""

# A database that hangs must not hold up who was cancelled: then the connection is cut, which ends the transaction too.
_UNDO_TIMEOUT_SECONDS: Final = 2.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0


async def patiently(attempt: Callable[[float], Awaitable[T]], wait_seconds: float) -> T:
    """Try `attempt` with growing pauses while the database is away; it is told how many of `wait_seconds` are left.

    Raises `DatabaseUnavailableError`.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + wait_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt(give_up_at - loop.time())
        except Exception as error:
            if not is_away(error):
                raise
            if loop.time() + pause >= give_up_at:
                message = f"the database is away for more than {wait_seconds:g} s: {error!r}"
                raise DatabaseUnavailableError(message) from error
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def begun(
    pool: Pool[Record], left: float, *, readonly: bool
) -> tuple[PoolConnectionProxy[Record], asyncpg.transaction.Transaction]:
    """Take a connection of `pool` and begin a transaction on it, within `left` seconds.

    That a connection died since it was last used may show only now, when nothing has happened yet: it is closed, and
    `ConnectionResetError` says that another one may be tried.
    """
    connection = await pool.acquire(timeout=left)
    transaction = connection.transaction(
        isolation="repeatable_read" if readonly else "read_committed", readonly=readonly
    )
    try:
        async with asyncio.timeout(left):
            await transaction.start()
    except BaseException as error:
        _cut(connection)
        await give_back(pool, connection)
        if isinstance(error, DRIVER_ERRORS):
            message = f"no transaction could be begun: {error!r}"
            raise ConnectionResetError(message) from error
        raise
    return connection, transaction


@asynccontextmanager
async def committed(
    connection: PoolConnectionProxy[Record], transaction: asyncpg.transaction.Transaction
) -> AsyncIterator[None]:
    """Commit what the block does, or undo it for the exception it raises.

    The driver's own context manager raises what the ROLLBACK met instead: where the database is away, a cancellation
    would become an error that is tried again, and its task would never end.
    """
    try:
        yield
    except BaseException:
        try:
            async with asyncio.timeout(_UNDO_TIMEOUT_SECONDS):
                await transaction.rollback()
        except DRIVER_ERRORS:
            _cut(connection)
        raise
    await transaction.commit()


async def give_back(pool: Pool[Record], connection: PoolConnectionProxy[Record]) -> None:
    """Return `connection` to its pool; one that cannot be used again is closed. What was done or raised stands."""
    try:
        await pool.release(connection, timeout=_UNDO_TIMEOUT_SECONDS)
    except DRIVER_ERRORS as error:
        log.info("database.connection_dropped", error=repr(error))
        _cut(connection)


def _cut(connection: PoolConnectionProxy[Record]) -> None:
    # A connection that broke has left the pool by itself, and the proxy then refuses every question.
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


async def set_codecs(connection: Connection[Record]) -> None:
    """Let JSON be Python on `connection`."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_to_json, decoder=json.loads)


def _to_json(value: object) -> str:
    # NaN is not JSON, and a Decimal must have been written as text by who knows its scale.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


async def keep_session(_connection: Connection[Record]) -> None:
    """Reset nothing: what the pool's users do ends with their transaction, so a reset is a round trip for nothing."""


async def close(connection: Connection[Record]) -> None:
    """Close `connection`, within a few seconds also if the database does not answer."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_SECONDS)
    except DRIVER_ERRORS as error:
        log.warning("database.cut", error=repr(error))
        connection.terminate()
