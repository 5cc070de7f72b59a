"""Process managers: explicit tables of what waits for what, whose timers fire and whose overdue states raise an alarm.

Every state has an owner, and a deadline after which people see that it is stuck (docs/design: events).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from common.due import WATCHES
from common.received import storable

if TYPE_CHECKING:
    from datetime import datetime

    from asyncpg import Record

    from common.database import Transaction

log = structlog.get_logger()

COLUMNS: Final = "kind, id, state, owner, wake_at, deadline, attempt, last_error, data"
_LONGEST_ERROR: Final = 2000
# Strictly later than the deadline, in PostgreSQL's resolution: a state may still be left at the very instant.
_JUST_AFTER: Final = timedelta(microseconds=1)


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
            f"SELECT {COLUMNS} FROM process WHERE kind = $1 AND id = $2 FOR UPDATE",
            kind,
            process_id,
        )
        return None if row is None else process_of(row)

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
            f"SELECT {COLUMNS} FROM process WHERE ($1::text IS NULL OR (kind, id) > ($1, $2)) "
            "AND (NOT $3 OR deadline < $4) ORDER BY kind, id LIMIT $5",
            *(after or (None, None)),
            overdue_only,
            self._tx.now,
            limit,
        )
        return [process_of(row) for row in rows]

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


def process_of(row: Record) -> Process:
    """Return the process of a row of `COLUMNS`."""
    return Process(**dict(row))
