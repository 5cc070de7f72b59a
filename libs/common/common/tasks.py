"""Long work outside handlers: recorded with its cause, done by a worker that holds a lease (docs/decisions/0002)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from common.due import WATCHES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from common.database import Database, Transaction

log = structlog.get_logger()

HELD: Final = "kind = $1 AND id = $2 AND fence = $3 AND state = 'running'"
"""What a task is while a lease holds: its kind, id and fence are the first three values."""


class LeaseLostError(Exception):
    """A worker's lease has ended and another worker may have the task: this one's word does not count any more."""

    def __init__(self, kind: str, task_id: str) -> None:
        """Keep `kind` and `task_id`."""
        super().__init__(f"the lease of task {kind}/{task_id} is lost")
        self.kind = kind
        self.task_id = task_id


class TaskNotFinishedError(Exception):
    """A task handler returned without `finish`: what it did is recorded nowhere."""

    def __init__(self, kind: str, task_id: str) -> None:
        """Keep `kind` and `task_id`."""
        super().__init__(f"the handler of task {kind}/{task_id} returned without finish()")
        self.kind = kind
        self.task_id = task_id


class TaskExhaustedError(Exception):
    """A task's worker died on every attempt."""

    def __init__(self, kind: str, task_id: str, attempts: int) -> None:
        """Keep `kind`, `task_id` and the number of `attempts`."""
        super().__init__(f"task {kind}/{task_id} was begun {attempts} times and never ended: its worker died")
        self.kind = kind
        self.task_id = task_id
        self.attempts = attempts


@dataclass(slots=True)
class Task:
    """One task under a lease; `attempt` begins with 1."""

    kind: str
    id: str
    payload: dict[str, Any]
    attempt: int
    _fence: int = field(repr=False)
    _database: Database = field(repr=False)
    finished: bool = False
    """Whether `finish` has committed."""

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[Transaction]:
        """Run the block in the transaction that marks the task done; raise `LeaseLostError` if another has it."""
        async with self._database.transaction() as tx:
            held = await tx.fetchval(
                f"UPDATE task SET state = 'done', lease_until = NULL, last_error = '', ended_at = $4 WHERE {HELD} "
                "RETURNING true",
                self.kind,
                self.id,
                self._fence,
                tx.now,
            )
            if not held:
                raise LeaseLostError(self.kind, self.id)
            yield tx
        self.finished = True


async def enqueue(
    tx: Transaction, kind: str, task_id: str, payload: dict[str, Any], run_at: datetime | None = None
) -> None:
    """Record a task, due at `run_at` of the service's clock (default now); the same (kind, task_id) twice is one."""
    await tx.execute(
        "INSERT INTO task (kind, id, payload, run_at, enqueued_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        kind,
        task_id,
        payload,
        run_at or tx.now,
        tx.now,
    )
    schema = tx.service
    tx.after_commit(lambda: WATCHES.written(schema, "task"))


async def next_due(tx: Transaction, now: datetime) -> datetime | None:
    """Return the earliest instant after `now` at which a task is due, or `None`."""
    instant: datetime | None = await tx.fetchval(
        "SELECT min(run_at) FROM task WHERE state IN ('queued', 'running') AND run_at > $1", now
    )
    return instant


async def due_count(tx: Transaction, now: datetime) -> int:
    """Return how many tasks are due at `now` and not ended, those that run included."""
    return int(
        await tx.fetchval("SELECT count(*) FROM task WHERE state IN ('queued', 'running') AND run_at <= $1", now)
    )
