"""What a score sheet and a measurement must be: known teams and criteria, in scale, whole, once.

Missing is never zero, and NaN is refused (intake-and-panels.md, "Score sheets").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.domain.number import decimal, text
from evaluation.domain.refusal import FieldEmptyError, RuleBrokenError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from decimal import Decimal

    from evaluation.domain.provenance import Provenance
    from evaluation.domain.stage import AssessorId, Source, SourceId, StageId, TeamId


class ScoreOutOfRangeError(RuleBrokenError):
    """A score is outside the scale of its criterion."""


class ScoreTooFineError(RuleBrokenError):
    """A score has more digits after the point than its criterion allows."""


class TeamUnknownError(RuleBrokenError):
    """A row names a team that has not entered the stage."""


class CriterionUnknownError(RuleBrokenError):
    """A row names a criterion that the source does not have."""


class ScoreRepeatedError(RuleBrokenError):
    """Two rows give the same team and criterion a value."""


class SheetIncompleteError(RuleBrokenError):
    """A team or criterion has no value."""


class AssessorNotSeatedError(RuleBrokenError):
    """The assessor has no seat in the panel."""


class SheetAlreadySubmittedError(RuleBrokenError):
    """The assessor has handed in a sheet before."""


class MeasurementAlreadyRecordedError(RuleBrokenError):
    """A value was recorded before."""


class ProviderForeignError(RuleBrokenError):
    """The rule set names another pipeline for the source."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value as it came: not yet checked."""

    team_id: TeamId
    criterion: str
    value: str


@dataclass(frozen=True, slots=True)
class Score:
    """One value, checked."""

    team_id: TeamId
    criterion: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """One assessor's scores for a source of a stage, by team and criterion."""

    stage_id: StageId
    source_id: SourceId
    assessor_id: AssessorId
    scores: tuple[Score, ...]
    provenance: Provenance

    @property
    def sheet_id(self) -> str:
        """The id: stage, source and assessor."""
        return f"{self.stage_id}/{self.source_id}/{self.assessor_id}"


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measured values for a source of a stage, by team and criterion."""

    stage_id: StageId
    source_id: SourceId
    scores: tuple[Score, ...]
    provenance: Provenance
    origin: str


def read_rows(rows: Sequence[Row], source: Source, team_ids: Collection[TeamId]) -> tuple[Score, ...]:
    """Return the scores of `rows` by team and criterion; raise the `RuleBrokenError` of the first bad row."""
    if not rows:
        raise FieldEmptyError("rows")
    scores: dict[tuple[TeamId, str], Score] = {}
    for position, row in enumerate(rows):
        score = _read_row(f"rows[{position}]", row, source, team_ids)
        if (row.team_id, row.criterion) in scores:
            raise ScoreRepeatedError(
                f"rows[{position}]", f"{row.team_id}/{row.criterion}", "a team and criterion has one value"
            )
        scores[row.team_id, row.criterion] = score
    return tuple(scores[key] for key in sorted(scores))


def require_whole(scores: Sequence[Score], source: Source, team_ids: Collection[TeamId]) -> None:
    """Raise `SheetIncompleteError` that names every missing team and criterion."""
    given = {(score.team_id, score.criterion) for score in scores}
    missing = [f"{team}/{criterion}" for team in sorted(team_ids) for criterion in source.names]
    missing = [each for each in missing if tuple(each.split("/", 1)) not in given]
    if missing:
        raise SheetIncompleteError("rows", ", ".join(missing), "every team and criterion needs a value")


def require_seat(assessor_id: AssessorId, seated: Collection[AssessorId], submitted: Collection[AssessorId]) -> None:
    """Raise unless `assessor_id` sits in the panel and has not handed in a sheet."""
    if assessor_id not in seated:
        raise AssessorNotSeatedError("assessor_id", assessor_id, "must have a seat in the panel of this source")
    if assessor_id in submitted:
        raise SheetAlreadySubmittedError("assessor_id", assessor_id, "a sheet is final and handed in once")


def require_provider(pipeline: str, source: Source) -> None:
    """Raise `ProviderForeignError` unless the rule set names this pipeline as the provider of the source."""
    if not source.provider or pipeline != source.provider:
        raise ProviderForeignError("source_id", source.source_id, f"is provided by {source.provider or 'nobody known'}")


def require_new(scores: Sequence[Score], recorded: Collection[tuple[TeamId, str]]) -> None:
    """Raise `MeasurementAlreadyRecordedError` where a value of `scores` is recorded already."""
    for score in scores:
        if (score.team_id, score.criterion) in recorded:
            raise MeasurementAlreadyRecordedError(
                "rows", f"{score.team_id}/{score.criterion}", "a measured value is recorded once"
            )


def _digits_after_point(value: Decimal) -> int:
    """Return how fine `value` is: 7.50 is as fine as 7.5."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "the number is finite"
    return max(0, -exponent)


def _read_row(field: str, row: Row, source: Source, team_ids: Collection[TeamId]) -> Score:
    if row.team_id not in team_ids:
        raise TeamUnknownError(f"{field}.team_id", row.team_id, f"must have entered the stage: {', '.join(team_ids)}")
    criterion = source.criterion(row.criterion)
    if criterion is None:
        raise CriterionUnknownError(
            f"{field}.criterion",
            row.criterion,
            f"must be one of source {source.source_id}: {', '.join(source.names)}",
        )
    value = decimal(f"{field}.value", row.value)
    if not criterion.minimum <= value <= criterion.maximum:
        raise ScoreOutOfRangeError(
            f"{field}.value", row.value, f"must be {text(criterion.minimum)} to {text(criterion.maximum)}"
        )
    if _digits_after_point(value) > criterion.digits:
        raise ScoreTooFineError(
            f"{field}.value", row.value, f"must have at most {criterion.digits} digits after the point"
        )
    return Score(row.team_id, row.criterion, value)
