"""Stages as selection announced them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.domain.stage import Criterion, Source, SourceId, SourceKind, Stage, StageId, StageState, TeamId

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction


class StageStore:
    """The projection of selection's stages; the other stores read it too."""

    def __init__(self, tx: Transaction) -> None:
        """Use `tx` for everything."""
        self._tx = tx

    async def stage(self, stage_id: StageId, *, locked: bool = False) -> Stage | None:
        """Return a stage; `locked` keeps its state until the transaction ends."""
        row = await self._tx.fetchrow(
            f"SELECT * FROM stage WHERE stage_id = $1{' FOR SHARE' if locked else ''}", stage_id
        )
        if row is None:
            return None
        sources = await self._tx.fetch("SELECT * FROM score_source WHERE stage_id = $1 ORDER BY source_id", stage_id)
        return Stage(
            stage_id=StageId(row["stage_id"]),
            state=StageState(row["state"]),
            rule_set_sha256=row["rule_set_sha256"],
            team_ids=tuple(TeamId(team) for team in row["team_ids"]),
            sources=tuple(_source(each) for each in sources),
        )

    async def keep_stage(self, stage: Stage) -> None:
        """Keep what is known of a stage now; its sources never change once they are known."""
        await self._tx.execute(
            "INSERT INTO stage (stage_id, state, rule_set_sha256, team_ids) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (stage_id) DO UPDATE SET state = excluded.state,"
            " rule_set_sha256 = excluded.rule_set_sha256, team_ids = excluded.team_ids",
            stage.stage_id,
            stage.state.value,
            stage.rule_set_sha256,
            list(stage.team_ids),
        )
        for source in stage.sources:
            await self._tx.execute(
                "INSERT INTO score_source (stage_id, source_id, kind, criteria, minima, maxima, digits, panel_size)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (stage_id, source_id) DO NOTHING",
                stage.stage_id,
                source.source_id,
                source.kind.value,
                list(source.names),
                [criterion.minimum for criterion in source.criteria],
                [criterion.maximum for criterion in source.criteria],
                [criterion.digits for criterion in source.criteria],
                source.panel_size,
            )


def _source(row: Record) -> Source:
    return Source(
        source_id=SourceId(row["source_id"]),
        kind=SourceKind(row["kind"]),
        criteria=tuple(
            Criterion(*each) for each in zip(row["criteria"], row["minima"], row["maxima"], row["digits"], strict=True)
        ),
        panel_size=row["panel_size"],
    )
