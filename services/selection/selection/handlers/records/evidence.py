"""What a stage is decided on: scores, verdicts and judgements, and what was committed and revealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rules import Verdict

    from selection.domain.deciding import Evidence, ScoringClose
    from selection.domain.gates import Bench, Conflict, Judgement
    from selection.domain.late_pick import Revealed
    from selection.domain.scores import Cell, Given
    from selection.domain.stage import Stage


class EvidenceRecords(Protocol):
    """Evidence by stage."""

    async def known_scores(
        self, stage_id: str, source: str, assessors: Collection[str]
    ) -> Mapping[Cell, Decimal | str]:
        """What these assessors gave (empty: what was measured), by what it is about."""

    async def add_scores(self, stage_id: str, given: Sequence[Given], given_at: datetime) -> None:
        """Keep scores, handed in at `given_at`."""

    async def arrived(self, stage: Stage) -> Mapping[str, int]:
        """Number of sheets, measured values or comparisons that were handed in in time, by source."""

    async def add_scoring_close(self, stage_id: str, close: ScoringClose) -> None:
        """Keep what evaluation says it has."""

    async def scoring_close(self, stage: Stage) -> ScoringClose | None:
        """What evaluation says it has at the stage's last instant for scores; `None` before."""

    async def add_verdict(self, stage_id: str, verdict: Verdict) -> None:
        """Keep a verdict."""

    async def verdicts(self, stage_id: str) -> Sequence[Verdict]:
        """The verdicts given in a stage."""

    async def add_judges(self, stage_id: str, gate: str, judges: Sequence[str]) -> None:
        """Seat the judges of a gate."""

    async def add_conflict(self, stage_id: str, conflict: Conflict) -> None:
        """Keep a conflict of interest; one that is known stays."""

    async def add_judgement(self, stage_id: str, judgement: Judgement) -> None:
        """Keep a judgement."""

    async def bench(self, stage_id: str) -> Bench:
        """Judges, conflicts and judgements of a stage."""

    async def add_late_pick(self, stage_id: str, revealed: Revealed) -> None:
        """Keep a revealed late pick."""

    async def late_picks(self, stage_id: str) -> Collection[tuple[str, str]]:
        """Pick and hash of the late picks that are revealed."""

    async def add_seed(self, stage_id: str, seed_sha256: str, seed: str) -> None:
        """Keep a revealed seed."""

    async def evidence(self, stage: Stage, seed_sha256: str) -> Evidence:
        """Everything given to a stage in time; the seed is the one with this hash, once it is revealed."""
