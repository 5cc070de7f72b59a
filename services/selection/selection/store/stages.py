"""Stages, their history and their process manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection import wire
from selection.domain.stage import StageState
from selection.handlers import STAGE_PROCESS
from selection.store.rows import DECISION, HISTORY, STAGE, decision_of, facts_of, stage_of, stage_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from common.database import Transaction
    from rules import Decision

    from selection.domain.agenda import Agenda
    from selection.domain.events import SelectionEvent
    from selection.domain.stage import Stage

_COLUMNS = STAGE.split(", ")
_PLACES = ", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))
_CHANGES = ", ".join(f"{name} = ${number}" for number, name in enumerate(_COLUMNS, start=1) if name != "id")


class StageStore:
    """Implements the handlers' `StageRecords`."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

    @property
    def actor(self) -> str:
        """Who causes what this transaction does."""
        return self._tx.actor

    async def publish(self, event: SelectionEvent) -> None:
        """Tell others, by the outbox."""
        await self._tx.publish(wire.event_message(event))

    async def stage(self, stage_id: str) -> Stage | None:
        """A stage, locked; `None` where there is none."""
        row = await self._tx.fetchrow(f"SELECT {STAGE} FROM stage WHERE id = $1 FOR NO KEY UPDATE", stage_id)
        return stage_of(row) if row else None

    async def add_stage(self, stage: Stage) -> bool:
        """Keep a new stage; `False` where its id is taken."""
        tag = await self._tx.execute(
            f"INSERT INTO stage ({STAGE}) VALUES ({_PLACES}) ON CONFLICT (id) DO NOTHING", *stage_values(stage)
        )
        return tag == "INSERT 0 1"

    async def save_stage(self, stage: Stage, cause: str) -> None:
        """Keep a stage that changed because of `cause`, and its history."""
        values = stage_values(stage)
        await self._tx.execute(f"UPDATE stage SET {_CHANGES} WHERE id = $1", *values)
        await self._tx.execute(
            f"INSERT INTO stage_history ({HISTORY}) VALUES ({_PLACES}, ${len(values) + 1}, ${len(values) + 2},"
            f" ${len(values) + 3})",
            *values,
            self._tx.now,
            cause,
            self._tx.actor,
        )

    async def waiting_for_call(self, call_id: str) -> list[str]:
        """Planned stages whose teams come from this call."""
        rows = await self._tx.fetch(
            "SELECT id FROM stage WHERE state = 'planned' AND from_call = $1 ORDER BY id", call_id
        )
        return [row["id"] for row in rows]

    async def waiting_for_stage(self, stage_id: str) -> list[str]:
        """Planned stages whose teams come from this stage, among others, and stages whose decision waits."""
        rows = await self._tx.fetch(
            "SELECT id FROM stage WHERE state = 'planned' AND $1 = ANY(from_stages)"
            " OR state = 'collecting' AND waits <> '[]' ORDER BY id",
            stage_id,
        )
        return [row["id"] for row in rows]

    async def final_decisions(self) -> list[Decision]:
        """What the final stages decided, in order of opening; where officers decided otherwise, as they did."""
        columns = ", ".join(f"decision.{name}" for name in DECISION.split(", "))
        rows = await self._tx.fetch(
            f"SELECT {columns} FROM stage JOIN decision"
            " ON decision.stage_id = stage.id AND decision.version = stage.decision_version"
            " WHERE stage.state = 'final' ORDER BY stage.opened_at, stage.position"
        )
        return [decision_of(row).decided for row in rows]

    async def schedule(self, stage: Stage, agenda: Agenda) -> None:
        """Note who must act on a stage, when it wakes by itself and when it is overdue; one at its end never."""
        processes = self._tx.processes
        await processes.start(
            STAGE_PROCESS,
            stage.id,
            stage.state.value,
            owner=agenda.owner,
            wake_at=agenda.wake_at,
            deadline=agenda.deadline,
        )
        process = await processes.get(STAGE_PROCESS, stage.id)
        assert process is not None
        if stage.state in {StageState.FINAL, StageState.CANCELLED}:
            await processes.finish(process, stage.state.value)
            return
        await processes.move(
            process,
            stage.state.value,
            owner=agenda.owner,
            wake_at=agenda.wake_at,
            deadline=agenda.deadline,
            data={"waits": facts_of(agenda.waits)},
        )

    async def wake(self, stage_id: str) -> None:
        """Wake a stage now."""
        process = await self._tx.processes.get(STAGE_PROCESS, stage_id)
        if process is not None:
            await self._tx.processes.move(
                process, process.state, owner=process.owner, wake_at=self._tx.now, deadline=process.deadline
            )

    async def add_closed_call(self, call_id: str, teams: Sequence[str]) -> None:
        """Keep a call's list of applicants; a call closes once."""
        await self._tx.execute("INSERT INTO closed_call VALUES ($1, $2) ON CONFLICT DO NOTHING", call_id, sorted(teams))

    async def closed_call(self, call_id: str) -> tuple[str, ...] | None:
        """Applicants of a closed call; `None` while it is not known to be closed."""
        teams = await self._tx.fetchval("SELECT team_ids FROM closed_call WHERE call_id = $1", call_id)
        return None if teams is None else tuple(teams)
