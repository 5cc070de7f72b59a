"""Decisions in versions, overrides and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.override import ProposalState
from selection.handlers import OVERRIDE_PROCESS
from selection.store.overriding import override_bytes
from selection.store.rows import DECISION, OVERRIDE, corrections_of, decision_of, proposal_of

if TYPE_CHECKING:
    from common.database import Transaction

    from selection.domain.events import DecisionRecord
    from selection.domain.override import Proposal
    from selection.domain.versions import Corrections


class DecisionStore:
    """Implements the handlers' `DecisionRecords`."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def add_decision(self, decision: DecisionRecord) -> None:
        """Keep a new version of a decision with its corrections."""
        await self._tx.execute(
            f"INSERT INTO decision ({DECISION}, decided_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            decision.stage,
            decision.rule_set_sha256,
            decision.inputs_sha256,
            decision.inputs,
            decision.sha256,
            decision.document,
            decision.version,
            decision.reason,
            decision.cause,
            decision.cause_id,
            override_bytes(decision.override) if decision.override else None,
            decision.difference or None,
            self._tx.now,
        )
        await self._tx.connection.executemany(
            "INSERT INTO score_change VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                (
                    decision.stage,
                    decision.version,
                    *each.cell,
                    None if each.value is None else str(each.value),
                    each.provenance.value,
                )
                for each in decision.corrections.scores
            ],
        )
        await self._tx.connection.executemany(
            "INSERT INTO verdict_change VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                (
                    decision.stage,
                    decision.version,
                    each.gate,
                    each.team,
                    each.passed,
                    each.reason,
                    list(each.evidence),
                    each.judged_by,
                    each.provenance.value,
                )
                for each in decision.corrections.verdicts
            ],
        )

    async def decision(self, stage_id: str) -> DecisionRecord | None:
        """The newest version of the decision of a stage, without its corrections; `None` before the first."""
        row = await self._tx.fetchrow(
            f"SELECT {DECISION} FROM decision WHERE stage_id = $1 ORDER BY version DESC LIMIT 1", stage_id
        )
        return decision_of(row) if row else None

    async def finalize_decision(self, decision: DecisionRecord) -> None:
        """Note that a version became final now."""
        await self._tx.execute(
            "UPDATE decision SET finalized_at = $3 WHERE stage_id = $1 AND version = $2",
            decision.stage,
            decision.version,
            self._tx.now,
        )

    async def corrections(self, stage_id: str) -> list[Corrections]:
        """What the versions so far corrected, oldest first."""
        scores = await self._tx.fetch("SELECT * FROM score_change WHERE stage_id = $1", stage_id)
        verdicts = await self._tx.fetch("SELECT * FROM verdict_change WHERE stage_id = $1", stage_id)
        found = corrections_of(scores, verdicts)
        return [found[version] for version in sorted(found)]

    async def count_overrides(self, stage_id: str) -> int:
        """How many overrides were proposed for a stage."""
        return int(await self._tx.fetchval("SELECT count(*) FROM decision_override WHERE stage_id = $1", stage_id))

    async def add_override(self, proposal: Proposal) -> None:
        """Keep a proposed override, and wake it when it expires."""
        override = proposal.override
        await self._tx.execute(
            f"INSERT INTO decision_override ({OVERRIDE}, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            override.id,
            proposal.stage,
            override.on_version,
            list(override.advanced),
            override.reason,
            list(override.evidence),
            override.proposed_by,
            proposal.proposed_at,
            proposal.state.value,
            override.confirmed_by,
            proposal.expires_at,
        )
        # Who must act is any other officer: its deadline is its end.
        await self._tx.processes.start(
            OVERRIDE_PROCESS, override.id, proposal.state.value, owner="staff", wake_at=proposal.expires_at
        )

    async def override(self, override_id: str) -> Proposal | None:
        """A proposed override; `None` where none has this id."""
        return await self._proposal("decision_override.id = $1", override_id)

    async def pending_override(self, stage_id: str) -> Proposal | None:
        """The pending override of a stage; `None` where there is none."""
        return await self._proposal(
            "decision_override.stage_id = $1 AND state = $2", stage_id, ProposalState.PENDING.value
        )

    async def save_override(self, proposal: Proposal) -> None:
        """Keep the end of a proposed override; it wakes no more."""
        await self._tx.execute(
            "UPDATE decision_override SET state = $2, confirmed_by = $3 WHERE id = $1",
            proposal.override.id,
            proposal.state.value,
            proposal.override.confirmed_by,
        )
        process = await self._tx.processes.get(OVERRIDE_PROCESS, proposal.override.id)
        if process is not None:
            await self._tx.processes.finish(process, proposal.state.value)

    async def add_waiver(self, stage_id: str, version: int, team: str, waived_by: str) -> bool:
        """Keep a waiver; `False` where the team has waived before."""
        tag = await self._tx.execute(
            "INSERT INTO objection_waiver VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            stage_id,
            version,
            team,
            waived_by,
            self._tx.now,
        )
        return tag == "INSERT 0 1"

    async def waived(self, stage_id: str, version: int) -> frozenset[str]:
        """The teams that waived objections to a version."""
        rows = await self._tx.fetch(
            "SELECT team_id FROM objection_waiver WHERE stage_id = $1 AND version = $2", stage_id, version
        )
        return frozenset(row["team_id"] for row in rows)

    async def _proposal(self, where: str, *arguments: object) -> Proposal | None:
        columns = ", ".join(f"decision_override.{name}" for name in OVERRIDE.split(", "))
        row = await self._tx.fetchrow(
            f"SELECT {columns}, decision.sha256 FROM decision_override JOIN decision"
            f" USING (stage_id, version) WHERE {where}",
            *arguments,
        )
        return proposal_of(row) if row else None
