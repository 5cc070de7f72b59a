"""What may be scored in a stage, by whom and on which scale: as selection's rule set says, never as we think."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NewType

from evaluation.domain.refusal import RuleBrokenError, require_text

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

StageId = NewType("StageId", str)
SourceId = NewType("SourceId", str)
TeamId = NewType("TeamId", str)
AssessorId = NewType("AssessorId", str)


class StageState(Enum):
    """Where a stage is, as far as evaluation cares."""

    PLANNED = "planned"
    OPEN = "open"
    DECIDED = "decided"


class SourceKind(Enum):
    """Where the scores of a source come from."""

    SHEETS = "sheets"
    MEASUREMENT = "measurement"
    COMPARISONS = "comparisons"


class ScoresLateError(RuleBrokenError):
    """The last instant for scores of the stage is over."""


class StageNotOpenError(RuleBrokenError):
    """The stage is not open for scores: planned only, decided, or unknown."""


class SourceUnknownError(RuleBrokenError):
    """The stage's rule set has no such source."""


class SourceKindError(RuleBrokenError):
    """What was handed in is not what the source takes."""


class PanelSizeError(RuleBrokenError):
    """A panel has not as many persons as the rule set says."""


class AssessorRepeatedError(RuleBrokenError):
    """A person is named twice in a panel."""


class PanelAlreadySeatedError(RuleBrokenError):
    """The panel has been seated before."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is scored, on the scale from `minimum` to `maximum` with at most `digits` after the point."""

    name: str
    minimum: Decimal
    maximum: Decimal
    digits: int


@dataclass(frozen=True, slots=True)
class Source:
    """A source of scores in a stage; `panel_size` is 0 for a measurement.

    Of comparisons there are no criteria, `ties_allowed` or not, and `per_pair` or more for every two teams. `provider`
    is who the rule set names for it, empty where that was not told.
    """

    source_id: SourceId
    kind: SourceKind
    criteria: tuple[Criterion, ...]
    panel_size: int
    provider: str = ""
    ties_allowed: bool = False
    per_pair: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its criteria."""
        return tuple(criterion.name for criterion in self.criteria)

    def criterion(self, name: str) -> Criterion | None:
        """Return the criterion called `name`, or `None`."""
        return next((criterion for criterion in self.criteria if criterion.name == name), None)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with its entrants and sources. Scores are in time up to `closes_at` (UTC), unless `scoring_closed`."""

    stage_id: StageId
    state: StageState
    rule_set_sha256: str
    team_ids: tuple[TeamId, ...] = ()
    sources: tuple[Source, ...] = ()
    closes_at: datetime | None = None
    scoring_closed: bool = False


@dataclass(frozen=True, slots=True)
class ScoringClosed:
    """What a stage has at its last instant for scores: number of sheets, measured values or comparisons by source."""

    stage_id: StageId
    closes_at: datetime
    handed_in: tuple[tuple[SourceId, int], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """The persons who score a source of a stage."""

    stage_id: StageId
    source_id: SourceId
    assessor_ids: tuple[AssessorId, ...]


def open_source(stage_id: StageId, stage: Stage | None, source_id: SourceId, *kinds: SourceKind) -> Source:
    """Return the source of an open stage that is of one of `kinds`; raise the `RuleBrokenError` that says why not."""
    if stage is None or stage.state is not StageState.OPEN:
        state = "unknown" if stage is None else stage.state.value
        raise StageNotOpenError("stage_id", stage_id, f"must be open for scores; it is {state}")
    for source in stage.sources:
        if source.source_id == source_id:
            if source.kind not in kinds:
                asked = " or ".join(kind.value for kind in kinds)
                raise SourceKindError("source_id", source_id, f"takes {source.kind.value}, not {asked}")
            return source
    known = ", ".join(source.source_id for source in stage.sources)
    raise SourceUnknownError("source_id", source_id, f"must be a source of the stage: {known}")


def require_in_time(stage: Stage, now: datetime) -> None:
    """Raise `ScoresLateError` once the last instant for scores is over.

    Source: programme facts: an extension is a signed rule version for all, so there is none for one
    """
    if stage.scoring_closed or (stage.closes_at is not None and now > stage.closes_at):
        closed = stage.closes_at.isoformat() if stage.closes_at else "before"
        raise ScoresLateError("stage_id", stage.stage_id, f"takes scores no more: the last instant was {closed}")


def check_panel(panel: Panel, source: Source, seated: frozenset[AssessorId]) -> None:
    """Raise the `RuleBrokenError` of the first rule that `panel` breaks; `seated` are those who sit already."""
    if seated:
        raise PanelAlreadySeatedError("source_id", panel.source_id, "has a panel, which is seated once")
    seen: set[AssessorId] = set()
    for position, assessor in enumerate(panel.assessor_ids):
        require_text(f"assessor_ids[{position}]", assessor)
        if assessor in seen:
            raise AssessorRepeatedError(f"assessor_ids[{position}]", assessor, "must be named once")
        seen.add(assessor)
    if len(panel.assessor_ids) != source.panel_size:
        raise PanelSizeError(
            "assessor_ids", str(len(panel.assessor_ids)), f"the rule set seats {source.panel_size} assessors"
        )
