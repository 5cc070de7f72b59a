"""The timers: wake process managers when their time has come, and raise the alarm for overdue ones."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Final

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

    from common.clock import Clock
    from common.database import Database, Transaction

from common.processes import COLUMNS, Process, next_due, process_of

log = structlog.get_logger()

_FIRST_PAUSE: Final = timedelta(milliseconds=100)
_LONGEST_PAUSE: Final = timedelta(seconds=15)
_AWAY_PAUSE_SECONDS: Final = 0.5
# The pause begins when the database has it.
_MARGIN_SECONDS: Final = 0.01
_LONGEST_ERROR: Final = 2000
_DUE: Final = f"""
SELECT {COLUMNS} FROM process
WHERE wake_at <= $1 AND kind = ANY($2::text[]) AND (retry_at IS NULL OR retry_at <= clock_timestamp())
ORDER BY wake_at, kind, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_OVERDUE: Final = f"""
SELECT {COLUMNS} FROM process WHERE deadline < $1 AND alarmed_at IS NULL
ORDER BY deadline, kind, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


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
                process = process_of(row)
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
            process = process_of(row)
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
