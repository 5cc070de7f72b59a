"""Panels, score sheets and measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation import wire
from evaluation.domain.stage import AssessorId, SourceId, TeamId
from evaluation.store.stages import StageStore

if TYPE_CHECKING:
    from uuid import UUID

    from evaluation.domain.comparison import Comparison
    from evaluation.domain.sheet import Measurements, Sheet
    from evaluation.domain.stage import Panel, ScoringClosed, StageId


class PanelStore(StageStore):
    """Implements the handlers' `Panels`."""

    async def hold_source(self, stage_id: StageId, source_id: SourceId) -> None:
        """Let nobody else add to this source until the transaction ends."""
        await self._tx.execute(
            "SELECT true FROM score_source WHERE stage_id = $1 AND source_id = $2 FOR NO KEY UPDATE",
            stage_id,
            source_id,
        )

    async def seated(self, stage_id: StageId, source_id: SourceId) -> frozenset[AssessorId]:
        """Return who sits in the panel of a source."""
        rows = await self._tx.fetch(
            "SELECT assessor_id FROM seat WHERE stage_id = $1 AND source_id = $2", stage_id, source_id
        )
        return frozenset(AssessorId(row["assessor_id"]) for row in rows)

    async def submitted(self, stage_id: StageId, source_id: SourceId) -> frozenset[AssessorId]:
        """Return who has handed in a sheet."""
        rows = await self._tx.fetch(
            "SELECT assessor_id FROM score_sheet WHERE stage_id = $1 AND source_id = $2", stage_id, source_id
        )
        return frozenset(AssessorId(row["assessor_id"]) for row in rows)

    async def recorded(self, stage_id: StageId, source_id: SourceId) -> frozenset[tuple[TeamId, str]]:
        """Return the teams and criteria whose value is recorded."""
        rows = await self._tx.fetch(
            "SELECT team_id, criterion FROM measurement WHERE stage_id = $1 AND source_id = $2", stage_id, source_id
        )
        return frozenset((TeamId(row["team_id"]), str(row["criterion"])) for row in rows)

    async def present(self, stage_id: StageId) -> dict[SourceId, int]:
        """Return how many sheets, values or comparisons each source has."""
        rows = await self._tx.fetch(
            "SELECT source_id, count(*) AS present FROM ("
            " SELECT source_id FROM score_sheet WHERE stage_id = $1"
            " UNION ALL SELECT source_id FROM measurement WHERE stage_id = $1"
            " UNION ALL SELECT source_id FROM comparison WHERE stage_id = $1) AS given GROUP BY source_id",
            stage_id,
        )
        return {SourceId(row["source_id"]): row["present"] for row in rows}

    async def add_panel(self, panel: Panel) -> None:
        """Keep a panel."""
        await self._tx.execute(
            "INSERT INTO seat (stage_id, source_id, assessor_id) SELECT $1, $2, unnest($3::text[])",
            panel.stage_id,
            panel.source_id,
            list(panel.assessor_ids),
        )

    async def add_sheet(self, sheet: Sheet) -> None:
        """Keep a sheet."""
        key = (sheet.stage_id, sheet.source_id, sheet.assessor_id)
        await self._tx.execute(
            "INSERT INTO score_sheet (stage_id, source_id, assessor_id, provenance, received_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            *key,
            sheet.provenance.value,
            self._tx.now,
        )
        await self._tx.execute(
            "INSERT INTO sheet_score (stage_id, source_id, assessor_id, team_id, criterion, value)"
            " SELECT $1, $2, $3, * FROM unnest($4::text[], $5::text[], $6::numeric[])",
            *key,
            [score.team_id for score in sheet.scores],
            [score.criterion for score in sheet.scores],
            [score.value for score in sheet.scores],
        )

    async def add_measurements(self, measurements: Measurements) -> None:
        """Keep measured values."""
        await self._tx.execute(
            "INSERT INTO measurement (stage_id, source_id, origin, provenance, recorded_at, recorded_by,"
            " team_id, criterion, value)"
            " SELECT $1, $2, $3, $4, $5, $6, * FROM unnest($7::text[], $8::text[], $9::numeric[])",
            measurements.stage_id,
            measurements.source_id,
            measurements.origin,
            measurements.provenance.value,
            self._tx.now,
            self._tx.actor,
            [score.team_id for score in measurements.scores],
            [score.criterion for score in measurements.scores],
            [score.value for score in measurements.scores],
        )

    async def add_comparison(self, comparison: Comparison) -> bool:
        """Keep a comparison; `False` where the assessor has compared the two on this item before."""
        tag = await self._tx.execute(
            "INSERT INTO comparison (stage_id, source_id, assessor_id, item, first_team, second_team, preferred,"
            " provenance, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            comparison.stage_id,
            comparison.source_id,
            comparison.assessor_id,
            comparison.item,
            *comparison.team_ids,
            comparison.preferred,
            comparison.provenance.value,
            self._tx.now,
        )
        return tag == "INSERT 0 1"

    async def publish(self, event: Panel | Sheet | Measurements | Comparison | ScoringClosed) -> UUID:
        """Add `event` to the outbox; return the event's id."""
        return await self._tx.publish(wire.event_message(event))
