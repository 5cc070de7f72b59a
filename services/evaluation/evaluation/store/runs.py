"""Benchmark runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from evaluation import wire
from evaluation.domain.run import Figures, Run, RunId, RunState
from evaluation.domain.stage import TeamId
from evaluation.handlers.runs import TASK

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction

_OWNER: Final = "service:evaluation"
_MEASURED_WITHIN: Final = timedelta(hours=1)


class RunStore:
    """Implements the handlers' `Runs`."""

    def __init__(self, tx: Transaction) -> None:
        """Use `tx` for everything."""
        self._tx = tx

    async def run(self, run: RunId) -> Run | None:
        """Return a run, locked until the transaction ends."""
        row = await self._tx.fetchrow("SELECT * FROM benchmark_run WHERE run_id = $1 FOR UPDATE", run)
        return None if row is None else _run(row)

    async def runs(self, after: int, limit: int) -> tuple[list[Run], int | None]:
        """Return up to `limit` runs after a position in order of start, and where the next page begins."""
        rows = await self._tx.fetch(
            "SELECT * FROM benchmark_run WHERE position > $1 ORDER BY position LIMIT $2", after, limit + 1
        )
        return [_run(row) for row in rows[:limit]], rows[limit - 1]["position"] if len(rows) > limit else None

    async def add_run(self, run: Run) -> bool:
        """Keep a new run, the task that does it and its deadline; return `False` where it exists."""
        added = await self._tx.fetchval(
            "INSERT INTO benchmark_run (run_id, checkpoint_digest, team_id, period, suite, state)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true",
            run.run_id,
            run.checkpoint_digest,
            run.team_id,
            run.period,
            run.suite,
            run.state.value,
        )
        if added:
            await self._tx.enqueue(TASK, run.run_id, {})
            deadline = self._tx.now + _MEASURED_WITHIN
            await self._tx.processes.start(TASK, run.run_id, "measuring", owner=_OWNER, deadline=deadline)
        return bool(added)

    async def keep_run(self, run: Run) -> None:
        """Keep how a run stands now."""
        figures = run.figures
        await self._tx.execute(
            "UPDATE benchmark_run SET state = $2, items = $3, accuracy = $4, bits_per_byte = $5, reason = $6"
            " WHERE run_id = $1",
            run.run_id,
            run.state.value,
            figures.items if figures else 0,
            figures.accuracy if figures else "",
            figures.bits_per_byte if figures else "",
            run.reason,
        )

    async def end_run(self, run: Run) -> None:
        """Keep how a run ended and publish it."""
        await self.keep_run(run)
        await self._tx.publish(wire.event_message(run))
        process = await self._tx.processes.get(TASK, run.run_id)
        if process is not None:
            await self._tx.processes.finish(process, run.state.value)


def _run(row: Record) -> Run:
    state = RunState(row["state"])
    measured = Figures(row["items"], row["accuracy"], row["bits_per_byte"])
    return Run(
        run_id=RunId(row["run_id"]),
        checkpoint_digest=row["checkpoint_digest"],
        team_id=TeamId(row["team_id"]),
        period=row["period"],
        suite=row["suite"],
        state=state,
        figures=measured if state is RunState.COMPLETED else None,
        reason=row["reason"],
    )
