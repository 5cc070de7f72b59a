"""A service's PostgreSQL schema as a part: migrations at the start, a pool that outlives the database's absences."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import asyncpg
import structlog

from common import tracing
from common.connections import (
    CLOSE_TIMEOUT_SECONDS,
    begun,
    close,
    committed,
    give_back,
    keep_session,
    patiently,
    set_codecs,
)
from common.errors import DatabaseUnavailableError
from common.events import event_of
from common.metrics import DATABASE_WAIT_SECONDS
from common.outages import DRIVER_ERRORS, outages_named
from common.schema import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from uuid import UUID

    from asyncpg import Connection, Pool, Record
    from asyncpg.pool import PoolConnectionProxy
    from google.protobuf.message import Message

    from common.clock import Clock
    from common.events import Event
    from common.outbox import OutboxRow
    from common.processes import ProcessTable

log = structlog.get_logger()

_STARTUP_WAIT_SECONDS: Final = 60.0
# Long enough for a PostgreSQL restart on the same machine, short enough for a caller's deadline of 10 s.
_ACQUIRE_WAIT_SECONDS: Final = 6.0
_CONNECT_TIMEOUT_SECONDS: Final = 5.0


class Transaction:
    """One transaction: state, outbox, tasks and processes change together or not at all."""

    __slots__ = ("_after_commit", "actor", "clock", "connection", "now", "outgoing", "service")

    def __init__(self, connection: PoolConnectionProxy[Record], *, service: str, actor: str, clock: Clock) -> None:
        """Use `connection`, in which a transaction is open; `now` is read once."""
        self.connection = connection
        self.service = service
        self.actor = actor
        self.clock = clock
        self.now: datetime = clock.now()
        # Events to write to the outbox as the last thing before the commit: see `common.outbox`.
        self.outgoing: list[OutboxRow] = []
        self._after_commit: list[Callable[[], object]] = []

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """Return all rows."""
        return await self.connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        """Return the first row, or `None`."""
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """Return the first column of the first row, or `None`."""
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement; return PostgreSQL's command tag."""
        return await self.connection.execute(sql, *args)

    def event(self, message: Message) -> Event:
        """Return `message` as an event of this service, now, by this actor, without publishing it."""
        return event_of(message, service=self.service, time=self.now, actor=self.actor, headers=tracing.headers())

    async def publish(self, message: Message) -> UUID:
        """Add an event message to the outbox of this transaction; return the event's id.

        Topic, key and type come from the message's `(event)` option. Raises what `event_of` raises.
        """
        # The outbox is written on top of this module.
        from common import outbox

        return await outbox.add(self, message)

    async def enqueue(
        self, kind: str, task_id: str, payload: dict[str, Any], *, run_at: datetime | None = None
    ) -> None:
        """Record a task for the worker, due at `run_at` (default now); the same (kind, task_id) twice is one task."""
        # The tasks are written on top of this module.
        from common import tasks

        await tasks.enqueue(self, kind, task_id, payload, run_at)

    @property
    def processes(self) -> ProcessTable:
        """The process managers of this service."""
        # The processes are written on top of this module.
        from common.processes import ProcessTable

        return ProcessTable(self)

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Call `callback` once this transaction is committed; never if it is not. For waking a part of this process."""
        self._after_commit.append(callback)

    def committed(self) -> None:
        """Run the callbacks; called by `Database` alone."""
        for callback in self._after_commit:
            callback()


class Database:
    """A part: one schema of a PostgreSQL database, migrated at the start."""

    def __init__(
        self,
        url: str,
        schema: str,
        migrations: Path,
        clock: Clock,
        *,
        connections: int = 10,
        startup_wait_seconds: float = _STARTUP_WAIT_SECONDS,
        acquire_wait_seconds: float = _ACQUIRE_WAIT_SECONDS,
    ) -> None:
        """Use `schema`, which is also the service's name, at `url`, with the service's own `migrations` folder."""
        self.schema = schema
        self.clock = clock
        self._url = url
        self._migrations = migrations
        self._connections = connections
        self._startup_wait_seconds = startup_wait_seconds
        self._acquire_wait_seconds = acquire_wait_seconds
        self._pool: Pool[Record] | None = None

    async def __aenter__(self) -> Self:
        """Wait for the database, migrate, open the pool; raise `DatabaseUnavailableError` when it stays away."""
        # Each migration is a transaction: one that a lost connection cut short is done again.
        await patiently(self._migrate, self._startup_wait_seconds)
        self._pool = await patiently(self._open_pool, self._startup_wait_seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the pool; connections still in use after a while are cut."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_SECONDS)
        except DRIVER_ERRORS as failure:
            log.warning("database.cut", schema=self.schema, error=repr(failure))
            pool.terminate()

    @asynccontextmanager
    async def transaction(self, *, actor: str | None = None, readonly: bool = False) -> AsyncIterator[Transaction]:
        """Run the block in one transaction, committed at its end and rolled back by any exception.

        `actor` is who causes it, by default this service. A `readonly` one sees one snapshot. Raises
        `DatabaseUnavailableError` when the database is away or the connection is lost, and
        `TransactionConflictError` when the database gave way to another transaction. Cancelled it ends as cancelled,
        and soon, also while the database is away.
        """
        with DATABASE_WAIT_SECONDS.time():
            begin = partial(self._begin, readonly=readonly)
            pool, connection, transaction = await patiently(begin, self._acquire_wait_seconds)
        try:
            with outages_named(connection):
                async with committed(connection, transaction):
                    tx = Transaction(
                        connection, service=self.schema, actor=actor or f"service:{self.schema}", clock=self.clock
                    )
                    yield tx
                    if tx.outgoing:
                        # The outbox is written on top of this module.
                        from common import outbox

                        await outbox.write(tx)
        finally:
            await give_back(pool, connection)
        tx.committed()

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Connection[Record]]:
        """Open a connection beside the pool, for what lives in a session (advisory lock, LISTEN).

        Raises `DatabaseUnavailableError` when the database is away; losing it later raises the driver's errors.
        """
        connection = await patiently(self._connect, self._acquire_wait_seconds)
        try:
            yield connection
        finally:
            await close(connection)

    async def ready(self) -> bool:
        """Return whether the database answers."""
        try:
            async with self.transaction(readonly=True) as tx:
                return bool(await tx.fetchval("SELECT true"))
        except DatabaseUnavailableError:
            return False

    async def _begin(
        self, left: float, *, readonly: bool
    ) -> tuple[Pool[Record], PoolConnectionProxy[Record], asyncpg.transaction.Transaction]:
        pool = self._opened()
        return pool, *await begun(pool, left, readonly=readonly)

    async def _migrate(self, _left: float) -> None:
        connection = await self._connect(_left)
        try:
            applied = await migrate(connection, self.schema, self._migrations, self.clock)
        finally:
            await close(connection)
        log.info("database.migrated", schema=self.schema, applied=applied)

    async def _connect(self, _left: float) -> Connection[Record]:
        connection = await asyncpg.connect(
            self._url, server_settings=self._server_settings(), timeout=_CONNECT_TIMEOUT_SECONDS
        )
        try:
            await set_codecs(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _open_pool(self, _left: float) -> Pool[Record]:
        return await asyncpg.create_pool(
            self._url,
            # Connected when used: what the driver restores by itself it tells with a traceback at each try.
            min_size=0,
            init_size=1,
            max_size=self._connections,
            init=set_codecs,
            reset=keep_session,
            server_settings=self._server_settings(),
            timeout=_CONNECT_TIMEOUT_SECONDS,
        )

    def _opened(self) -> Pool[Record]:
        if self._pool is None:
            message = "the database is not open"
            raise DatabaseUnavailableError(message)
        return self._pool

    def _server_settings(self) -> dict[str, str]:
        return {
            "search_path": self.schema,
            "application_name": f"dokpamo-{self.schema}",
            "timezone": "UTC",
            # Of a process that died in a long statement: its locks would outlive it until the statement's end.
            "client_connection_check_interval": "1s",
        }
