"""The board: teams × stages, from the stages as selection tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from console.domain.waiting import Wait

Outcome = Literal["entered", "advanced", "eliminated"]

MARKS = ("synthetic", "reconstructed", "published")
"""Provenances that a value shows; one that the platform recorded itself needs no mark."""


DECIDED = frozenset({"objection", "final"})
"""States of a stage that has a decision."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A team's place in one stage; ``total`` and ``parts`` are decimal text and empty before the decision."""

    team_id: str
    total: str
    rank: int
    outcome: Outcome
    reason: str
    gate: str
    parts: Mapping[str, str] = field(default_factory=dict)
    provenance: str = ""
    """The weakest of what the total was computed from: a mark of ``MARKS``, or something that needs none."""
    part_provenances: Mapping[str, str] = field(default_factory=dict)
    """The same for each part."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage with its standings, best first after the decision."""

    stage_id: str
    title_ko: str
    title_en: str
    state: str
    opens_at: datetime
    decides_at: datetime
    final_at: datetime | None
    waits: tuple[Wait, ...]
    rule_set_sha256: str
    decision_sha256: str
    standings: tuple[Standing, ...]

    @property
    def decided(self) -> bool:
        """Whether there is a decision, be it published or not."""
        return self.state in DECIDED

    @property
    def open(self) -> bool:
        """Whether everything about the decision is open to everybody: only then its hash is known."""
        return bool(self.decision_sha256)


@dataclass(frozen=True, slots=True)
class Row:
    """One team's way through the stages; a cell is None where the team was not in the stage."""

    team_id: str
    cells: tuple[Standing | None, ...]
    inside: bool
    """Whether the team is still in the programme."""


def rows(stages: Sequence[Stage]) -> tuple[Row, ...]:
    """All teams, those that came furthest first; within a stage by rank, then by id."""
    teams = sorted({standing.team_id for stage in stages for standing in stage.standings})
    ways = [_way(team, stages) for team in teams]
    return tuple(sorted(ways, key=_order))


def _way(team: str, stages: Sequence[Stage]) -> Row:
    cells = tuple(next((s for s in stage.standings if s.team_id == team), None) for stage in stages)
    last = next(cell for cell in reversed(cells) if cell is not None)
    return Row(team, cells, inside=last.outcome != "eliminated")


def _order(row: Row) -> tuple[bool, int, int, str]:
    reached = max(index for index, cell in enumerate(row.cells) if cell is not None)
    last = row.cells[reached]
    rank = last.rank if last is not None and last.rank else len(row.cells) + 1_000
    return (not row.inside, -reached, rank, row.team_id)


def current(stages: Sequence[Stage]) -> Stage | None:
    """The latest decided stage: the one whose standings count now. None before the first decision."""
    decided = [stage for stage in stages if stage.decided]
    return decided[-1] if decided else None
