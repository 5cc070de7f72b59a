"""How much of what a decision needs is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from evaluation.domain.stage import SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evaluation.domain.stage import SourceId, Stage


@dataclass(frozen=True, slots=True)
class Completeness:
    """Sheets, values or comparisons of one source that are there, and that must be."""

    source_id: SourceId
    present: int
    required: int


def completeness(stage: Stage, present: Mapping[SourceId, int]) -> tuple[Completeness, ...]:
    """Return the completeness of each source of `stage` by id; `present` counts them by source."""
    ordered = sorted(stage.sources, key=lambda source: source.source_id)
    return tuple(
        Completeness(source.source_id, present.get(source.source_id, 0), _required(stage, source.source_id))
        for source in ordered
    )


def _required(stage: Stage, source_id: SourceId) -> int:
    source = next(each for each in stage.sources if each.source_id == source_id)
    match source.kind:
        case SourceKind.SHEETS:
            return source.panel_size
        case SourceKind.MEASUREMENT:
            return len(stage.team_ids) * len(source.criteria)
        case SourceKind.COMPARISONS:
            return source.per_pair * len(stage.team_ids) * (len(stage.team_ids) - 1) // 2
        case _:
            assert_never(source.kind)
