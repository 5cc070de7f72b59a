"""Process managers: explicit tables of what waits for what, whose timers fire and whose overdue states raise an alarm.

Every state has an owner, and a deadline after which people see that it is stuck (docs/design: events).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from dokpamo.common.v1 import events_pb2

from common import tracing
from common.due import WATCHES, DueWatch
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.instants import stamp
from common.received import storable
from common.service import BackgroundPart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from asyncpg import Record

    from common.clock import Clock
    from common.database import Database, Transaction

log = structlog.get_logger()

_COLUMNS: Final = "kind, id, state, owner, wake_at, deadline, attempt, last_error, data"
_FIRST_PAUSE: Final = timedelta(milliseconds=100)
_LONGEST_PAUSE: Final = timedelta(seconds=15)
_AWAY_PAUSE_SECONDS: Final = 0.5
_LONGEST_ERROR: Final = 2000
# The pause begins when the database has it.
_MARGIN_SECONDS: Final = 0.01
# Strictly later than the deadline, in PostgreSQL's resolution: a state may still be left at the very instant.
_JUST_AFTER: Final = timedelta(microseconds=1)

_DUE: Final = f"""
SELECT {_COLUMNS} FROM process
WHERE wake_at <= $1 AND kind = ANY($2::text[]) AND (retry_at IS NULL OR retry_at <= clock_timestamp())
ORDER BY wake_at, kind, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_OVERDUE: Final = f"""
SELECT {_COLUMNS} FROM process WHERE deadline < $1 AND alarmed_at IS NULL
ORDER BY deadline, kind, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


class NoSuchProcessError(Exception):
    """A process was moved that does not exist."""

    def __init__(self, kind: str, process_id: str) -> None:
        """Keep `kind` and `process_id`."""
        super().__init__(f"there is no process {kind}/{process_id}")
        self.kind = kind
        self.process_id = process_id


@dataclass(frozen=True, slots=True)
class Process:
    """One process manager: it wakes by itself at `wake_at` and is overdue after `deadline` (the service's clock)."""

    kind: str
    id: str
    state: str
    owner: str
    wake_at: datetime | None = None
    deadline: datetime | None = None
    attempt: int = 0
    last_error: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class ProcessTable:
    """The process managers of a service, in a transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Read and write in `tx`."""
        self._tx = tx

    async def start(
        self,
        kind: str,
        process_id: str,
        state: str,
        *,
        owner: str,
        wake_at: datetime | None = None,
        deadline: datetime | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Begin process `kind`/`process_id` in `state`; nothing changes if it exists."""
        await self._tx.execute(
            "INSERT INTO process (kind, id, state, owner, wake_at, deadline, data, started_at, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING",
            kind,
            process_id,
            state,
            owner,
            wake_at,
            deadline,
            data or {},
            self._tx.now,
        )
        self._written()

    async def get(self, kind: str, process_id: str) -> Process | None:
        """Return a process, locked until the transaction ends, or `None`."""
        row = await self._tx.fetchrow(
            f"SELECT {_COLUMNS} FROM process WHERE kind = $1 AND id = $2 FOR UPDATE",
            kind,
            process_id,
        )
        return None if row is None else _process(row)

    async def move(
        self,
        process: Process,
        state: str,
        *,
        owner: str,
        wake_at: datetime | None = None,
        deadline: datetime | None = None,
        data: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        """Go on to `state`, with its own `owner`, `wake_at` and `deadline`; `data` stays where none is given.

        Attempts and alarm begin anew, and the last error with `reason`: why people are waited for, where they are.
        Raises `NoSuchProcessError`.
        """
        moved = await self._tx.fetchval(
            "UPDATE process SET state = $3, owner = $4, wake_at = $5, deadline = $6, data = coalesce($7, data), "
            "attempt = 0, last_error = $9, retry_at = NULL, alarmed_at = NULL, finished_at = NULL, updated_at = $8 "
            "WHERE kind = $1 AND id = $2 RETURNING true",
            process.kind,
            process.id,
            state,
            owner,
            wake_at,
            deadline,
            data,
            self._tx.now,
            storable(reason[:_LONGEST_ERROR]),
        )
        if not moved:
            raise NoSuchProcessError(process.kind, process.id)
        self._written()

    async def finish(self, process: Process, state: str) -> None:
        """End in `state`: nobody must act any more. Raises `NoSuchProcessError`."""
        finished = await self._tx.fetchval(
            "UPDATE process SET state = $3, wake_at = NULL, deadline = NULL, attempt = 0, last_error = '', "
            "retry_at = NULL, finished_at = $4, updated_at = $4 WHERE kind = $1 AND id = $2 RETURNING true",
            process.kind,
            process.id,
            state,
            self._tx.now,
        )
        if not finished:
            raise NoSuchProcessError(process.kind, process.id)

    async def list(
        self, *, limit: int = 50, after: tuple[str, str] | None = None, overdue_only: bool = False
    ) -> list[Process]:
        """Return processes by kind and id; `after` is where the last page ended."""
        rows = await self._tx.fetch(
            f"SELECT {_COLUMNS} FROM process WHERE ($1::text IS NULL OR (kind, id) > ($1, $2)) "
            "AND (NOT $3 OR deadline < $4) ORDER BY kind, id LIMIT $5",
            *(after or (None, None)),
            overdue_only,
            self._tx.now,
            limit,
        )
        return [_process(row) for row in rows]

    def _written(self) -> None:
        schema = self._tx.service
        self._tx.after_commit(lambda: WATCHES.written(schema, "process"))


async def next_due(tx: Transaction, now: datetime) -> datetime | None:
    """Return the earliest instant after `now` at which a process wakes or is overdue, or `None`."""
    wake: datetime | None = await tx.fetchval("SELECT min(wake_at) FROM process WHERE wake_at > $1", now)
    deadline: datetime | None = await tx.fetchval(
        "SELECT min(deadline) FROM process WHERE deadline >= $1 AND alarmed_at IS NULL", now
    )
    return min((instant for instant in (wake, deadline and deadline + _JUST_AFTER) if instant), default=None)


async def overdue(tx: Transaction, now: datetime) -> dict[str, int]:
    """Return how many processes of each kind are past the deadline of their state at `now`."""
    rows = await tx.fetch("SELECT kind, count(*) AS number FROM process WHERE deadline < $1 GROUP BY kind", now)
    return {row["kind"]: row["number"] for row in rows}


async def due_count(tx: Transaction, now: datetime) -> int:
    """Return how many wake-ups and alarms are due at `now` and not handled; what is tried again counts."""
    return int(
        await tx.fetchval(
            "SELECT (SELECT count(*) FROM process WHERE wake_at <= $1) "
            "+ (SELECT count(*) FROM process WHERE deadline < $1 AND alarmed_at IS NULL)",
            now,
        )
    )


class Timers(BackgroundPart):
    """A part: wakes processes when their time has come, in that order, and raises the alarm for overdue ones."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Callable[[Process, Transaction], Awaitable[None]]],
    ) -> None:
        """Call `handlers[kind]` in one transaction with its effects; one that raises is tried again with back-off."""
        super().__init__("timers")
        self._database = database
        self._clock = clock
        self._handlers = dict(handlers)
        self._watch = DueWatch(clock)

    async def run(self) -> None:
        """Fire for ever; the database may be away."""
        WATCHES.add(self._database.schema, "process", self._watch)
        try:
            while True:
                try:
                    await self._watch.wait(await self._round())
                except (DatabaseUnavailableError, TransactionConflictError) as error:
                    log.warning("timers.waiting", service=self._database.schema, error=str(error))
                    await asyncio.sleep(_AWAY_PAUSE_SECONDS)
        finally:
            WATCHES.remove(self._database.schema, "process", self._watch)

    async def _round(self) -> datetime | None:
        """Do all that is due; return when the next will be."""
        while await self._wake_one() or await self._alarm_one():
            pass
        async with self._database.transaction() as tx:
            return await next_due(tx, tx.now)

    async def _wake_one(self) -> bool:
        """Wake the process that has been due longest; return whether there was one."""
        process: Process | None = None
        try:
            async with self._database.transaction() as tx:
                row = await tx.fetchrow(_DUE, tx.now, list(self._handlers))
                if row is None:
                    return False
                process = _process(row)
                # Before the handler, which may set the next: a wake-up is used up also where nothing is moved.
                await tx.execute(
                    "UPDATE process SET wake_at = NULL, attempt = 0, last_error = '', retry_at = NULL "
                    "WHERE kind = $1 AND id = $2",
                    process.kind,
                    process.id,
                )
                with tracing.span(f"wake {process.kind}"):
                    await self._handlers[process.kind](process, tx)
        except (DatabaseUnavailableError, TransactionConflictError):
            raise
        except Exception as error:
            if process is None:
                raise
            await self._failed(process, error)
        else:
            log.info("process.woke", kind=process.kind, process_id=process.id, state=process.state)
        return True

    async def _failed(self, process: Process, error: Exception) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(process.attempt, 20), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311  spreads retries, guards nothing
        self._watch.again_in(pause.total_seconds() + _MARGIN_SECONDS)
        log.error("process.failed", kind=process.kind, process_id=process.id, state=process.state, exc_info=error)
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE process SET attempt = attempt + 1, last_error = $3, retry_at = clock_timestamp() + $4 "
                "WHERE kind = $1 AND id = $2 AND state = $5",
                process.kind,
                process.id,
                storable(f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]),
                pause,
                process.state,
            )

    async def _alarm_one(self) -> bool:
        """Say once that a state is overdue; return whether there was one."""
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(_OVERDUE, tx.now)
            if row is None:
                return False
            process = _process(row)
            event = events_pb2.ProcessOverdue(
                service=tx.service,
                kind=process.kind,
                process_id=process.id,
                state=process.state,
                owner=process.owner,
                last_error=process.last_error,
                deadline=stamp(process.deadline),
            )
            await tx.publish(event)
            await tx.execute(
                "UPDATE process SET alarmed_at = $3 WHERE kind = $1 AND id = $2", process.kind, process.id, tx.now
            )
        log.error("process.overdue", kind=process.kind, process_id=process.id, state=process.state, owner=process.owner)
        return True


def _process(row: Record) -> Process:
    return Process(**dict(row))
