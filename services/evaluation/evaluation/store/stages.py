"""Stages as selection announced them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from evaluation.domain.stage import Criterion, Source, SourceId, SourceKind, Stage, StageId, StageState, TeamId
from evaluation.handlers.panels import SCORING_PROCESS

if TYPE_CHECKING:
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction


_CLOSING_GRACE: Final = timedelta(hours=1)


class StageStore:
    """The projection of selection's stages; the other stores read it too."""

    def __init__(self, tx: Transaction) -> None:
        """Use `tx` for everything."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

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
            closes_at=row["closes_at"],
            scoring_closed=row["scoring_closed"],
        )

    async def keep_stage(self, stage: Stage) -> None:
        """Keep what is known of a stage now; another version of its rule set may change its sources."""
        await self._tx.execute(
            "INSERT INTO stage (stage_id, state, rule_set_sha256, team_ids, closes_at, scoring_closed)"
            " VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (stage_id) DO UPDATE SET state = excluded.state,"
            " rule_set_sha256 = excluded.rule_set_sha256, team_ids = excluded.team_ids,"
            " closes_at = excluded.closes_at, scoring_closed = excluded.scoring_closed",
            stage.stage_id,
            stage.state.value,
            stage.rule_set_sha256,
            list(stage.team_ids),
            stage.closes_at,
            stage.scoring_closed,
        )
        for source in stage.sources:
            await self._tx.execute(
                "INSERT INTO score_source (stage_id, source_id, kind, criteria, minima, maxima, digits, panel_size,"
                " provider, ties_allowed, per_pair)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (stage_id, source_id) DO UPDATE SET"
                " kind = excluded.kind, criteria = excluded.criteria, minima = excluded.minima,"
                " maxima = excluded.maxima, digits = excluded.digits, panel_size = excluded.panel_size,"
                " provider = excluded.provider, ties_allowed = excluded.ties_allowed, per_pair = excluded.per_pair",
                stage.stage_id,
                source.source_id,
                source.kind.value,
                list(source.names),
                [criterion.minimum for criterion in source.criteria],
                [criterion.maximum for criterion in source.criteria],
                [criterion.digits for criterion in source.criteria],
                source.panel_size,
                source.provider,
                source.ties_allowed,
                source.per_pair,
            )

    async def close_scoring(self, stage_id: StageId) -> datetime | None:
        """Take no more scores for an open stage whose last instant has come; return it, `None` where it has not.

        Who is handing in now holds the stage, and is waited for.
        """
        closes_at: datetime | None = await self._tx.fetchval(
            "UPDATE stage SET scoring_closed = true"
            " WHERE stage_id = $1 AND closes_at <= $2 AND state = 'open' AND NOT scoring_closed RETURNING closes_at",
            stage_id,
            self._tx.now,
        )
        process = await self._tx.processes.get(SCORING_PROCESS, stage_id)
        if closes_at is not None and process is not None:
            await self._tx.processes.finish(process, "closed")
        return closes_at

    async def close_at(self, stage_id: StageId, closes_at: datetime) -> None:
        """Have the scoring of a stage closed when its last instant has come."""
        due: dict[str, Any] = {"owner": "evaluation", "wake_at": closes_at, "deadline": closes_at + _CLOSING_GRACE}
        await self._tx.processes.start(SCORING_PROCESS, stage_id, "open", **due)
        process = await self._tx.processes.get(SCORING_PROCESS, stage_id)
        assert process is not None
        await self._tx.processes.move(process, "open", **due)


def _source(row: Record) -> Source:
    return Source(
        source_id=SourceId(row["source_id"]),
        kind=SourceKind(row["kind"]),
        criteria=tuple(
            Criterion(*each) for each in zip(row["criteria"], row["minima"], row["maxima"], row["digits"], strict=True)
        ),
        panel_size=row["panel_size"],
        provider=row["provider"],
        ties_allowed=row["ties_allowed"],
        per_pair=row["per_pair"],
    )
