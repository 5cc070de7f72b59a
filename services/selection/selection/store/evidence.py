"""What a stage is decided on: scores, verdicts and judgements, and what was committed and revealed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rules import Comparison

from selection.domain.deciding import Evidence, ScoringClose
from selection.domain.gates import Bench, Conflict
from selection.domain.scores import cell, value
from selection.store.rows import comparison_of, given_of, judgement_of, measurement_of, score_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from common.database import Transaction
    from rules import Verdict

    from selection.domain.gates import Judgement
    from selection.domain.late_pick import Revealed
    from selection.domain.scores import Cell, Given
    from selection.domain.stage import Stage

# What was kept before the instant was, is taken as in time.
_IN_TIME = "stage_id = $1 AND (given_at IS NULL OR given_at <= $2)"

_GIVEN_BY = "stage_id = $1 AND source_id = $2 AND assessor_id = ANY($3)"


class EvidenceStore:
    """Implements the handlers' `EvidenceRecords`."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def known_scores(
        self, stage_id: str, source: str, assessors: Collection[str]
    ) -> Mapping[Cell, Decimal | str]:
        """What these assessors gave (empty: what was measured), by what it is about."""
        about = (stage_id, source, list(assessors))
        scores = await self._tx.fetch(f"SELECT * FROM score WHERE {_GIVEN_BY}", *about)
        compared = await self._tx.fetch(f"SELECT * FROM comparison WHERE {_GIVEN_BY}", *about)
        given: list[Given] = [*map(given_of, scores), *map(comparison_of, compared)]
        return {cell(each): value(each) for each in given}

    async def add_scores(self, stage_id: str, given: Sequence[Given], given_at: datetime) -> None:
        """Keep scores, handed in at `given_at`."""
        for each in given:
            if isinstance(each, Comparison):
                await self._tx.execute(
                    "INSERT INTO comparison VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    stage_id,
                    each.source,
                    each.assessor,
                    each.item,
                    each.first,
                    each.second,
                    each.winner,
                    each.provenance.value,
                    given_at,
                )
        await self._tx.connection.executemany(
            "INSERT INTO score VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                (stage_id, each.source, *cell(each), str(each.value), each.provenance.value, given_at)
                for each in given
                if not isinstance(each, Comparison)
            ],
        )

    async def arrived(self, stage: Stage) -> Mapping[str, int]:
        """Number of sheets, measured values or comparisons that were handed in in time, by source."""
        rows = await self._tx.fetch(
            "SELECT source_id, count(*) FILTER (WHERE assessor_id = '') +"
            " count(DISTINCT nullif(assessor_id, '')) AS number"
            f" FROM score WHERE {_IN_TIME} GROUP BY source_id"
            f" UNION ALL SELECT source_id, count(*) FROM comparison WHERE {_IN_TIME} GROUP BY source_id",
            stage.id,
            stage.closes_at,
        )
        return {row["source_id"]: row["number"] for row in rows}

    async def add_scoring_close(self, stage_id: str, close: ScoringClose) -> None:
        """Keep what evaluation says it has."""
        await self._tx.execute(
            "INSERT INTO scoring_close VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            stage_id,
            close.closes_at,
            dict(close.handed_in),
        )

    async def scoring_close(self, stage: Stage) -> ScoringClose | None:
        """What evaluation says it has at the stage's last instant for scores; `None` before."""
        row = await self._tx.fetchrow(
            "SELECT closes_at, handed_in FROM scoring_close WHERE stage_id = $1 AND closes_at = $2",
            stage.id,
            stage.closes_at,
        )
        return ScoringClose(row["closes_at"], row["handed_in"]) if row else None

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

    async def add_judges(self, stage_id: str, gate: str, judges: Sequence[str]) -> None:
        """Seat the judges of a gate."""
        await self._tx.execute("INSERT INTO gate_judge SELECT $1, $2, unnest($3::text[])", stage_id, gate, list(judges))

    async def add_conflict(self, stage_id: str, conflict: Conflict) -> None:
        """Keep a conflict of interest; one that is known stays."""
        await self._tx.execute(
            "INSERT INTO gate_conflict VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            stage_id,
            conflict.judge,
            conflict.team,
            conflict.reason,
            self._tx.now,
        )

    async def add_judgement(self, stage_id: str, judgement: Judgement) -> None:
        """Keep a judgement."""
        await self._tx.execute(
            "INSERT INTO gate_judgement VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            stage_id,
            judgement.gate,
            judgement.team,
            judgement.judge,
            judgement.passed,
            judgement.reason,
            list(judgement.evidence),
            judgement.provenance.value,
            self._tx.now,
        )

    async def bench(self, stage_id: str) -> Bench:
        """Judges, conflicts and judgements of a stage."""
        judges: dict[str, list[str]] = defaultdict(list)
        for row in await self._tx.fetch(
            "SELECT gate, judge_id FROM gate_judge WHERE stage_id = $1 ORDER BY gate, judge_id", stage_id
        ):
            judges[row["gate"]].append(row["judge_id"])
        conflicts = await self._tx.fetch(
            "SELECT judge_id, team_id, reason FROM gate_conflict WHERE stage_id = $1 ORDER BY judge_id, team_id",
            stage_id,
        )
        judgements = await self._tx.fetch(
            "SELECT * FROM gate_judgement WHERE stage_id = $1 ORDER BY gate, team_id, judge_id", stage_id
        )
        return Bench(
            {gate: tuple(seated) for gate, seated in judges.items()},
            tuple(Conflict(row["judge_id"], row["team_id"], row["reason"]) for row in conflicts),
            tuple(judgement_of(row) for row in judgements),
        )

    async def add_late_pick(self, stage_id: str, revealed: Revealed) -> None:
        """Keep a revealed late pick."""
        await self._tx.execute(
            "INSERT INTO late_pick VALUES ($1, $2, $3, $4, $5, $6)",
            stage_id,
            revealed.pick,
            revealed.sha256,
            revealed.salt,
            revealed.content,
            self._tx.now,
        )

    async def late_picks(self, stage_id: str) -> Collection[tuple[str, str]]:
        """Pick and hash of the late picks that are revealed."""
        rows = await self._tx.fetch("SELECT pick_id, sha256 FROM late_pick WHERE stage_id = $1", stage_id)
        return {(row["pick_id"], row["sha256"]) for row in rows}

    async def add_seed(self, stage_id: str, seed_sha256: str, seed: str) -> None:
        """Keep a revealed seed."""
        await self._tx.execute(
            "INSERT INTO lot_seed VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            stage_id,
            seed_sha256,
            seed,
            self._tx.now,
        )

    async def evidence(self, stage: Stage, seed_sha256: str) -> Evidence:
        """Everything given to a stage in time; the seed is the one with this hash, once it is revealed."""
        rows = await self._tx.fetch(f"SELECT * FROM score WHERE {_IN_TIME}", stage.id, stage.closes_at)
        compared = await self._tx.fetch(f"SELECT * FROM comparison WHERE {_IN_TIME}", stage.id, stage.closes_at)
        return Evidence(
            scores=[score_of(row) for row in rows if row["assessor_id"]],
            measurements=[measurement_of(row) for row in rows if not row["assessor_id"]],
            comparisons=[comparison_of(row) for row in compared],
            verdicts=await self.verdicts(stage.id),
            bench=await self.bench(stage.id),
            revealed=await self.late_picks(stage.id),
            seed=await self._tx.fetchval(
                "SELECT seed FROM lot_seed WHERE stage_id = $1 AND seed_sha256 = $2", stage.id, seed_sha256
            ),
        )
