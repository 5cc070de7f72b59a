"""What the use cases remember, in PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from selection import wire
from selection.domain.deciding import Evidence
from selection.domain.events import DecisionRecord
from selection.domain.scores import cell
from selection.domain.stage import Stage, StageState
from selection.handlers import STAGE_PROCESS
from selection.store.rows import DECISION, RULE_SET, STAGE, kept_of, measurement_of, score_of, stage_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from common.database import Transaction
    from rules import Measurement, Score, Verdict

    from selection.domain.events import SelectionEvent
    from selection.domain.rule_set import KeptRuleSet


class SelectionStore:
    """What the use cases remember, in one database transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked against a change of its state; `None` where none has this hash."""
        row = await self._tx.fetchrow(f"SELECT {RULE_SET} FROM rule_set WHERE sha256 = $1 FOR SHARE", sha256)
        return kept_of(row) if row else None

    async def rule_set_to_change(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked for a change of its state; `None` where none has this hash."""
        # A shared lock would have to be raised, and two who hold it wait for each other.
        row = await self._tx.fetchrow(f"SELECT {RULE_SET} FROM rule_set WHERE sha256 = $1 FOR NO KEY UPDATE", sha256)
        return kept_of(row) if row else None

    async def versions(self, rule_set_id: str) -> list[KeptRuleSet]:
        """All versions of a rule set, oldest first; locked, also against another publication."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"rule-set/{rule_set_id}")
        rows = await self._tx.fetch(
            f"SELECT {RULE_SET} FROM rule_set WHERE id = $1 ORDER BY version FOR NO KEY UPDATE", rule_set_id
        )
        return [kept_of(row) for row in rows]

    async def add_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep a new rule set."""
        await self._tx.execute(
            f"INSERT INTO rule_set ({RULE_SET}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            kept.sha256,
            kept.id,
            kept.version,
            kept.stage,
            kept.state.value,
            kept.published_at,
            kept.frozen_at,
            kept.document,
        )

    async def save_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep the state of a rule set."""
        await self._tx.execute(
            "UPDATE rule_set SET state = $2, frozen_at = $3 WHERE sha256 = $1",
            kept.sha256,
            kept.state.value,
            kept.frozen_at,
        )

    async def governs_a_stage(self, sha256: str) -> bool:
        """Whether a stage was planned under the rule set."""
        return bool(await self._tx.fetchval("SELECT EXISTS (SELECT FROM stage WHERE rule_set_sha256 = $1)", sha256))

    async def stage(self, stage_id: str) -> Stage | None:
        """A stage, locked; `None` where there is none."""
        row = await self._tx.fetchrow(f"SELECT {STAGE} FROM stage WHERE id = $1 FOR NO KEY UPDATE", stage_id)
        return stage_of(row) if row else None

    async def add_stage(self, stage: Stage) -> bool:
        """Keep a new stage; `False` where its id is taken."""
        tag = await self._tx.execute(
            f"INSERT INTO stage ({STAGE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
            " ON CONFLICT (id) DO NOTHING",
            stage.id,
            stage.title_ko,
            stage.title_en,
            stage.rule_set_sha256,
            stage.from_call,
            list(stage.from_stages),
            stage.opens_at,
            stage.closes_at,
            stage.decides_at,
            stage.state.value,
            stage.waits_for,
            list(stage.entrants),
            stage.opened_at,
            stage.final_at,
        )
        return tag == "INSERT 0 1"

    async def save_stage(self, stage: Stage) -> None:
        """Keep a stage that changed."""
        await self._tx.execute(
            "UPDATE stage SET state = $2, waits_for = $3, entrants = $4, opened_at = $5, final_at = $6 WHERE id = $1",
            stage.id,
            stage.state.value,
            stage.waits_for,
            list(stage.entrants),
            stage.opened_at,
            stage.final_at,
        )

    async def waiting_for_call(self, call_id: str) -> list[str]:
        """Planned stages whose teams come from this call."""
        rows = await self._tx.fetch(
            "SELECT id FROM stage WHERE state = 'planned' AND from_call = $1 ORDER BY id", call_id
        )
        return [row["id"] for row in rows]

    async def waiting_for_stage(self, stage_id: str) -> list[str]:
        """Planned stages whose teams come from this stage, among others."""
        rows = await self._tx.fetch(
            "SELECT id FROM stage WHERE state = 'planned' AND $1 = ANY(from_stages) ORDER BY id", stage_id
        )
        return [row["id"] for row in rows]

    async def schedule(self, stage: Stage, *, owner: str, wake_at: datetime | None, deadline: datetime | None) -> None:
        """Note who must act on a stage, when it wakes by itself and when it is overdue; a final one never again."""
        processes = self._tx.processes
        process = await processes.get(STAGE_PROCESS, stage.id)
        state = stage.state.value
        if process is None:
            await processes.start(STAGE_PROCESS, stage.id, state, owner=owner, wake_at=wake_at, deadline=deadline)
        elif stage.state is StageState.FINAL:
            await processes.finish(process, state)
        else:
            data = {"waits_for": stage.waits_for}
            await processes.move(process, state, owner=owner, wake_at=wake_at, deadline=deadline, data=data)

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

    async def known_scores(
        self, stage_id: str, source: str, assessors: Collection[str]
    ) -> Mapping[tuple[str, str, str], Decimal]:
        """Values that these assessors gave (empty: measured ones), by assessor, team and criterion."""
        rows = await self._tx.fetch(
            "SELECT assessor_id, team_id, criterion, value FROM score"
            " WHERE stage_id = $1 AND source_id = $2 AND assessor_id = ANY($3)",
            stage_id,
            source,
            list(assessors),
        )
        return {(row["assessor_id"], row["team_id"], row["criterion"]): Decimal(row["value"]) for row in rows}

    async def add_scores(self, stage_id: str, given: Sequence[Score | Measurement]) -> None:
        """Keep scores."""
        await self._tx.connection.executemany(
            "INSERT INTO score VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [(stage_id, each.source, *cell(each), str(each.value), each.provenance.value) for each in given],
        )

    async def add_verdict(self, stage_id: str, verdict: Verdict) -> None:
        """Keep a verdict."""
        await self._tx.execute(
            "INSERT INTO verdict VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            stage_id,
            verdict.gate,
            verdict.team,
            verdict.passed,
            verdict.reason,
            list(verdict.evidence),
            verdict.judged_by,
            verdict.provenance.value,
        )

    async def verdicts(self, stage_id: str) -> Sequence[Verdict]:
        """The verdicts given in a stage."""
        rows = await self._tx.fetch("SELECT * FROM verdict WHERE stage_id = $1", stage_id)
        return [verdict_of(row) for row in rows]

    async def evidence(self, stage_id: str) -> Evidence:
        """Everything given to a stage."""
        rows = await self._tx.fetch("SELECT * FROM score WHERE stage_id = $1", stage_id)
        return Evidence(
            scores=[score_of(row) for row in rows if row["assessor_id"]],
            measurements=[measurement_of(row) for row in rows if not row["assessor_id"]],
            verdicts=await self.verdicts(stage_id),
        )

    async def add_decision(self, decision: DecisionRecord) -> None:
        """Keep a decision."""
        await self._tx.execute(
            f"INSERT INTO decision ({DECISION}, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            decision.stage,
            decision.rule_set_sha256,
            decision.inputs_sha256,
            decision.inputs,
            decision.sha256,
            decision.document,
            self._tx.now,
        )

    async def decision(self, stage_id: str) -> DecisionRecord | None:
        """The decision of a stage; `None` before it."""
        row = await self._tx.fetchrow(f"SELECT {DECISION} FROM decision WHERE stage_id = $1", stage_id)
        return DecisionRecord(*row) if row else None

    async def publish(self, event: SelectionEvent) -> None:
        """Tell others, by the outbox."""
        await self._tx.publish(wire.event_message(event))
