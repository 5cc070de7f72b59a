"""The worker: does recorded tasks under a lease with a heartbeat, and tries again (docs/decisions/0002)."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import structlog

from common import tracing
from common.due import WATCHES, DueWatch
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.metrics import TASKS_TOTAL
from common.received import storable
from common.service import BackgroundPart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from common.clock import Clock
    from common.database import Database, Transaction

from common.tasks import HELD, LeaseLostError, Task, TaskExhaustedError, TaskNotFinishedError, next_due

log = structlog.get_logger()

_AWAY_PAUSE_SECONDS: Final = 0.5
_LONGEST_ERROR: Final = 2000
# A lease lives in real time: a dead worker's must end although a virtual clock stands still.
_CLAIM: Final = """
UPDATE task SET state = 'running', attempt = attempt + 1, fence = fence + 1, worker = $3, retry_at = NULL,
                lease_until = clock_timestamp() + $4
WHERE (kind, id) = (
    SELECT kind, id FROM task
    WHERE kind = ANY($2::text[]) AND run_at <= $1
      AND ((state = 'queued' AND (retry_at IS NULL OR retry_at <= clock_timestamp()))
           OR (state = 'running' AND lease_until < clock_timestamp()))
    ORDER BY run_at, kind, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING kind, id, payload, attempt, fence
"""


@dataclass(frozen=True, slots=True)
class Retries:
    """How a failed task is tried again; all times are real."""

    attempts: int = 6
    first_pause: timedelta = timedelta(milliseconds=500)
    longest_pause: timedelta = timedelta(seconds=30)

    def pause(self, attempt: int) -> timedelta:
        """Return how long to wait after the `attempt`-th try: doubling, with jitter."""
        full: timedelta = min(self.first_pause * 2 ** min(attempt - 1, 20), self.longest_pause)
        return full * random.uniform(0.5, 1.0)  # noqa: S311  spreads retries, guards nothing


class Worker(BackgroundPart):
    """A part: does tasks, a few at a time. Handlers run at least once, so they must be idempotent."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Callable[[Task], Awaitable[None]]],
        concurrency: int = 2,
        *,
        on_failed: Mapping[str, Callable[[Task, str, Transaction], Awaitable[None]]] | None = None,
        lease: timedelta = timedelta(seconds=10),
        heartbeat: timedelta = timedelta(seconds=3),
        retries: Retries | None = None,
    ) -> None:
        """Call `handlers[kind]`; when the attempts are used up, `on_failed[kind]` with the last error, once.

        `on_failed` runs in the transaction that marks the task failed. `lease` and `heartbeat` are real time.
        """
        super().__init__("worker")
        self._database = database
        self._clock = clock
        self._handlers = dict(handlers)
        self._on_failed = dict(on_failed or {})
        self._concurrency = concurrency
        self._lease = lease
        self._heartbeat = heartbeat
        self._retries = retries or Retries()
        self._identity = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"

    async def run(self) -> None:
        """Work for ever; the database may be away."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._concurrency):
                group.create_task(self._work(), name=f"worker {number}")

    async def _work(self) -> None:
        watch = DueWatch(self._clock)
        WATCHES.add(self._database.schema, "task", watch)
        try:
            while True:
                try:
                    # The lease begins somewhere in the claim: counted from before it, it never seems longer than it is.
                    held_until = asyncio.get_running_loop().time() + self._lease.total_seconds()
                    task, due = await self._claim()
                    if task is None:
                        await watch.wait(due)
                    else:
                        await self._do(task, held_until)
                        # Whatever comes next, a retry included, is asked for at once and then waited for.
                        watch.again_in(self._retries.first_pause.total_seconds())
                except (DatabaseUnavailableError, TransactionConflictError) as error:
                    log.warning("worker.waiting", service=self._database.schema, error=str(error))
                    await asyncio.sleep(_AWAY_PAUSE_SECONDS)
        finally:
            WATCHES.remove(self._database.schema, "task", watch)

    async def _claim(self) -> tuple[Task | None, datetime | None]:
        """Take the task that has been due longest, or say when the next will be."""
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(_CLAIM, tx.now, list(self._handlers), self._identity, self._lease)
            if row is None:
                return None, await next_due(tx, tx.now)
        return Task(row["kind"], row["id"], row["payload"], row["attempt"], row["fence"], self._database), None

    async def _do(self, task: Task, held_until: float) -> None:
        """Run the handler while its lease is renewed, and record how it ended; `held_until` is loop time."""
        if task.attempt > self._retries.attempts:
            await self._end(task, TaskExhaustedError(task.kind, task.id, task.attempt - 1))
            return
        running = asyncio.ensure_future(self._handle(task))
        beating = asyncio.create_task(self._beat(task, running, held_until), name=f"lease of {task.kind}/{task.id}")
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError:
            await _stop(running)
            await self._give_back(task)
            raise
        finally:
            await _stop(beating)
        await self._record(task, running)

    async def _handle(self, task: Task) -> None:
        with tracing.span(f"task {task.kind}"):
            await self._handlers[task.kind](task)
        if not task.finished:
            raise TaskNotFinishedError(task.kind, task.id)

    async def _record(self, task: Task, running: asyncio.Future[None]) -> None:
        error = LeaseLostError(task.kind, task.id) if running.cancelled() else running.exception()
        match error:
            case None:
                TASKS_TOTAL.labels(task.kind, "done").inc()
                log.info("task.done", kind=task.kind, task_id=task.id, attempt=task.attempt)
            case LeaseLostError():
                TASKS_TOTAL.labels(task.kind, "lost").inc()
                log.warning("task.lost", kind=task.kind, task_id=task.id, attempt=task.attempt)
            case Exception():
                await self._end(task, error)
            case _:
                raise error

    async def _beat(self, task: Task, running: asyncio.Future[None], held_until: float) -> None:
        """Renew the lease; end the handler when it cannot be renewed in time, since another worker may have begun."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(held_until) as lease:
                held = True
                while held:
                    await asyncio.sleep(self._heartbeat.total_seconds())
                    began = loop.time()
                    with suppress(DatabaseUnavailableError, TransactionConflictError):
                        if held := await self._renew(task):
                            lease.reschedule(began + self._lease.total_seconds())
        if not task.finished:
            running.cancel()

    async def _renew(self, task: Task) -> bool:
        """Hold the lease for its full length from now; return whether it is still this worker's."""
        async with self._database.transaction() as tx:
            return bool(
                await tx.fetchval(
                    f"UPDATE task SET lease_until = clock_timestamp() + $4 WHERE {HELD} RETURNING true",
                    task.kind,
                    task.id,
                    task._fence,  # noqa: SLF001  the worker gave it
                    self._lease,
                )
            )

    async def _end(self, task: Task, error: Exception) -> None:
        """Record a failed attempt: tried again after a pause, or failed for good when the attempts are used up."""
        text = storable(f"{type(error).__name__}: {error}"[:_LONGEST_ERROR])
        # The database's absence is not the task's fault.
        blameless = isinstance(error, DatabaseUnavailableError | TransactionConflictError)
        failed = task.attempt >= self._retries.attempts and not blameless
        log.error(
            "task.failed" if failed else "task.retried",
            kind=task.kind,
            task_id=task.id,
            attempt=task.attempt,
            error=text,
        )
        async with self._database.transaction() as tx:
            held = await tx.fetchval(
                "UPDATE task SET state = $4, lease_until = NULL, last_error = $5, retry_at = clock_timestamp() + $6, "
                f"attempt = attempt - $7, ended_at = $8 WHERE {HELD} RETURNING true",
                task.kind,
                task.id,
                task._fence,  # noqa: SLF001  the worker gave it
                "failed" if failed else "queued",
                text,
                self._retries.pause(task.attempt),
                int(blameless),
                tx.now if failed else None,
            )
            if held and failed and (on_failed := self._on_failed.get(task.kind)) is not None:
                await on_failed(task, text, tx)
        TASKS_TOTAL.labels(task.kind, "failed" if failed else "retried").inc()

    async def _give_back(self, task: Task) -> None:
        """Let another worker begin at once; a stop is no attempt."""
        with suppress(DatabaseUnavailableError, TransactionConflictError):
            async with self._database.transaction() as tx:
                await tx.execute(
                    f"UPDATE task SET state = 'queued', lease_until = NULL, attempt = attempt - 1 WHERE {HELD}",
                    task.kind,
                    task.id,
                    task._fence,  # noqa: SLF001  the worker gave it
                )


async def _stop(work: asyncio.Future[Any]) -> None:
    work.cancel()
    await asyncio.wait({work})
