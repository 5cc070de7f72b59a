"""Between the contracts' messages and evaluation's own shapes; and what each refusal looks like from outside."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final, assert_never

from common.errors import Reason, Reasons
from common.instants import stamp
from common.provenance import mark_of, value_of
from dokpamo.evaluation.v1 import events_pb2, service_pb2
from grpc import StatusCode

from evaluation.domain import catalogue, number, refusal, sheet, stage, target, window
from evaluation.domain.catalogue import ModelId, ModelsImported, ReferenceModel, ReferenceScore, Release
from evaluation.domain.number import text
from evaluation.domain.provenance import Provenance
from evaluation.domain.run import Run
from evaluation.domain.sheet import Measurements, Row, Score, Sheet
from evaluation.domain.stage import (
    AssessorId,
    Criterion,
    Panel,
    ScoringClosed,
    Source,
    SourceId,
    SourceKind,
    Stage,
    StageId,
    StageState,
    TeamId,
)
from evaluation.domain.target import Candidate, PinnedTarget, Question, TargetId

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dokpamo.common.v1 import provenance_pb2
    from dokpamo.selection.v1 import events_pb2 as selection
    from google.protobuf.message import Message

REASONS: Final[Reasons] = {
    refusal.FieldEmptyError: Reason(StatusCode.INVALID_ARGUMENT, "FIELD_EMPTY"),
    number.ScoreNotANumberError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_NOT_A_NUMBER"),
    stage.StageNotOpenError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_OPEN"),
    stage.SourceUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "SOURCE_UNKNOWN"),
    stage.SourceKindError: Reason(StatusCode.INVALID_ARGUMENT, "SOURCE_KIND_MISMATCH"),
    stage.ScoresLateError: Reason(StatusCode.FAILED_PRECONDITION, "SCORES_LATE"),
    stage.PanelSizeError: Reason(StatusCode.INVALID_ARGUMENT, "PANEL_SIZE_MISMATCH"),
    stage.AssessorRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "ASSESSOR_REPEATED"),
    stage.PanelAlreadySeatedError: Reason(StatusCode.ALREADY_EXISTS, "PANEL_ALREADY_SEATED"),
    sheet.ScoreOutOfRangeError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_OUT_OF_RANGE"),
    sheet.ScoreTooFineError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_TOO_FINE"),
    sheet.TeamUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "TEAM_UNKNOWN"),
    sheet.CriterionUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "CRITERION_UNKNOWN"),
    sheet.ScoreRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_REPEATED"),
    sheet.SheetIncompleteError: Reason(StatusCode.INVALID_ARGUMENT, "SHEET_INCOMPLETE"),
    sheet.AssessorNotSeatedError: Reason(StatusCode.FAILED_PRECONDITION, "ASSESSOR_NOT_SEATED"),
    sheet.SheetAlreadySubmittedError: Reason(StatusCode.ALREADY_EXISTS, "SHEET_ALREADY_SUBMITTED"),
    sheet.MeasurementAlreadyRecordedError: Reason(StatusCode.ALREADY_EXISTS, "MEASUREMENT_ALREADY_RECORDED"),
    catalogue.ReleaseKindUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "RELEASE_KIND_UNKNOWN"),
    catalogue.ReferenceConflictError: Reason(StatusCode.FAILED_PRECONDITION, "REFERENCE_CONFLICT"),
    window.DayInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "DAY_INVALID"),
    window.WindowLengthError: Reason(StatusCode.INVALID_ARGUMENT, "WINDOW_LENGTH_INVALID"),
    target.TargetTakenError: Reason(StatusCode.ALREADY_EXISTS, "TARGET_TAKEN"),
    target.NoReferenceInWindowError: Reason(StatusCode.FAILED_PRECONDITION, "NO_REFERENCE_IN_WINDOW"),
    target.ReferenceNotPositiveError: Reason(StatusCode.FAILED_PRECONDITION, "REFERENCE_NOT_POSITIVE"),
    target.RatioError: Reason(StatusCode.INVALID_ARGUMENT, "RATIO_OUT_OF_RANGE"),
    target.CandidateRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "CANDIDATE_REPEATED"),
    target.DeclaredNotComparableError: Reason(StatusCode.FAILED_PRECONDITION, "DECLARED_TARGET_NOT_COMPARABLE"),
}
"""What evaluation's refusals look like from outside."""


def to_provenance(value: provenance_pb2.Provenance.ValueType) -> Provenance:
    """Return where a value comes from, recorded where nothing is said; raise `FieldInvalidError` for an unknown one."""
    return Provenance(mark_of(value))


def from_provenance(provenance: Provenance) -> provenance_pb2.Provenance.ValueType:
    """Return `provenance` as the contract numbers it."""
    return value_of(provenance.value)


def to_planned_stage(message: selection.StagePlanned) -> Stage:
    """Return the stage that was planned."""
    return Stage(StageId(message.stage_id), StageState.PLANNED, message.rule_set_sha256)


def to_open_stage(message: selection.StageOpened) -> Stage:
    """Return the stage that opened; raise `RuleBrokenError` for a scale or kind that cannot be read."""
    return Stage(
        stage_id=StageId(message.stage_id),
        state=StageState.OPEN,
        rule_set_sha256=message.rule_set_sha256,
        team_ids=tuple(TeamId(team) for team in sorted(message.team_ids)),
        sources=tuple(_to_source(f"sources[{at}]", each) for at, each in enumerate(message.sources)),
        closes_at=_to_instant(message, "closes_at"),
    )


def to_changed_stage(message: selection.RuleSetChanged) -> Stage:
    """Return a stage as another version of its rule set has it, without its teams; raise `RuleBrokenError`."""
    return Stage(
        stage_id=StageId(message.stage_id),
        state=StageState.OPEN,
        rule_set_sha256=message.new_sha256,
        sources=tuple(_to_source(f"sources[{at}]", each) for at, each in enumerate(message.sources)),
        closes_at=_to_instant(message, "closes_at"),
    )


def to_panel(message: service_pb2.SeatPanelRequest) -> Panel:
    """Return the panel that is to be seated."""
    assessors = tuple(AssessorId(each) for each in message.assessor_ids)
    return Panel(StageId(message.stage_id), SourceId(message.source_id), assessors)


def to_rows(rows: Iterable[service_pb2.ScoreRow]) -> tuple[Row, ...]:
    """Return `rows` as they came."""
    return tuple(Row(TeamId(row.team_id), row.criterion, row.value) for row in rows)


def to_models(messages: Iterable[service_pb2.ReferenceModel]) -> tuple[ReferenceModel, ...]:
    """Return reference models; raise `RuleBrokenError` for a day, kind or number that cannot be read."""
    return tuple(_to_model(f"models[{at}]", each) for at, each in enumerate(messages))


def from_model(model: ReferenceModel) -> service_pb2.ReferenceModel:
    """Return `model` as a message."""
    return service_pb2.ReferenceModel(
        model_id=model.model_id,
        organisation=model.organisation,
        family=model.family,
        open_weights=model.open_weights,
        releases=[
            service_pb2.Release(kind=each.kind.value, date=each.day.isoformat(), source=each.source)
            for each in model.releases
        ],
        scores=[
            service_pb2.ReferenceScore(
                index=each.index, edition=each.edition, value=text(each.value), source=each.source
            )
            for each in model.scores
        ],
        provenance=from_provenance(model.provenance),
    )


def to_question(message: service_pb2.PinTargetRequest) -> Question:
    """Return what is to be pinned; raise `RuleBrokenError` for a day, kind or number that cannot be read."""
    return Question(
        target_id=TargetId(message.target_id),
        stage_id=StageId(message.stage_id),
        index=message.index,
        edition=message.edition,
        window=window.window(window.day("as_of", message.as_of), message.window_months),
        release_kind=catalogue.release_kind("release_kind", message.release_kind),
        ratio=number.decimal("ratio", message.ratio),
        candidates=tuple(_to_candidate(f"candidates[{at}]", each) for at, each in enumerate(message.candidates)),
    )


def from_target(pinned: PinnedTarget) -> service_pb2.Target:
    """Return `pinned` as a message."""
    return service_pb2.Target(
        target_id=pinned.target_id,
        stage_id=pinned.stage_id,
        index=pinned.index,
        edition=pinned.edition,
        window_from=pinned.window.first.isoformat(),
        window_to=pinned.window.last.isoformat(),
        best_model_id=pinned.best_model_id,
        best_value=text(pinned.best_value),
        ratio=text(pinned.ratio),
        threshold=text(pinned.threshold),
        candidates=[
            service_pb2.CandidateRatio(
                team_id=each.team_id,
                value=text(each.value),
                ratio_to_best=text(each.to_best),
                ratio_to_declared="" if each.to_declared is None else text(each.to_declared),
            )
            for each in pinned.candidates
        ],
        snapshot_json=pinned.snapshot_json,
        snapshot_sha256=pinned.snapshot_sha256,
    )


def from_run(run: Run) -> service_pb2.BenchmarkRun:
    """Return `run` as a message."""
    return service_pb2.BenchmarkRun(
        run_id=run.run_id,
        checkpoint_digest=run.checkpoint_digest,
        team_id=run.team_id,
        period=run.period,
        suite=run.suite,
        state=run.state.value,
        items=run.figures.items if run.figures else 0,
        accuracy=run.figures.accuracy if run.figures else "",
        bits_per_byte=run.figures.bits_per_byte if run.figures else "",
        reason=run.reason,
    )


def event_message(  # noqa: PLR0911 - one return an event reads best
    event: Panel | Sheet | Measurements | ScoringClosed | ModelsImported | PinnedTarget | Run,
) -> Message:
    """Return `event` as the contract's event message."""
    match event:
        case Panel(stage_id, source_id, assessors):
            return events_pb2.PanelSeated(stage_id=stage_id, source_id=source_id, assessor_ids=assessors)
        case Sheet():
            return _sheet_submitted(event)
        case Measurements(stage_id, source_id, scores, provenance, origin):
            rows = _from_scores(scores)
            return events_pb2.MeasurementsRecorded(
                stage_id=stage_id,
                source_id=source_id,
                rows=rows,
                provenance=from_provenance(provenance),
                origin=origin,
            )
        case ScoringClosed():
            return _scoring_closed(event)
        case ModelsImported(import_id, models):
            return events_pb2.ReferenceModelsImported(import_id=import_id, models=map(from_model, models))
        case PinnedTarget():
            return events_pb2.TargetPinned(target_id=event.target_id, target=from_target(event))
        case Run():
            return events_pb2.BenchmarkRunFinished(run_id=event.run_id, run=from_run(event))
        case _:
            assert_never(event)


def _scoring_closed(event: ScoringClosed) -> events_pb2.ScoringClosed:
    return events_pb2.ScoringClosed(
        stage_id=event.stage_id,
        closes_at=stamp(event.closes_at),
        tallies=[events_pb2.SourceTally(source_id=source, handed_in=number) for source, number in event.handed_in],
    )


def _to_instant(message: Message, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    return getattr(message, field).ToDatetime(UTC)  # type: ignore[no-any-return] # of whatever field, a Timestamp


def _sheet_submitted(event: Sheet) -> events_pb2.ScoreSheetSubmitted:
    return events_pb2.ScoreSheetSubmitted(
        sheet_id=event.sheet_id,
        stage_id=event.stage_id,
        source_id=event.source_id,
        assessor_id=event.assessor_id,
        rows=_from_scores(event.scores),
        provenance=from_provenance(event.provenance),
    )


def _from_scores(scores: Iterable[Score]) -> list[service_pb2.ScoreRow]:
    return [
        service_pb2.ScoreRow(team_id=score.team_id, criterion=score.criterion, value=text(score.value))
        for score in scores
    ]


def _to_source(field: str, message: selection.ScoreSource) -> Source:
    try:
        kind = SourceKind(message.kind)
    except ValueError:
        raise stage.SourceKindError(f"{field}.kind", message.kind, "must be sheets or measurement") from None
    return Source(
        source_id=SourceId(message.source_id),
        kind=kind,
        criteria=_to_criteria(field, message),
        panel_size=message.panel_size,
    )


def _to_criteria(field: str, message: selection.ScoreSource) -> tuple[Criterion, ...]:
    """Return the scale of each criterion; an event from before scales were told has one range for all."""
    if not message.scales:
        lowest = number.decimal(f"{field}.minimum", message.minimum)
        highest = number.decimal(f"{field}.maximum", message.maximum)
        return tuple(Criterion(name, lowest, highest, number.MOST_DIGITS) for name in message.criteria)
    return tuple(
        Criterion(
            each.criterion,
            number.decimal(f"{field}.scales[{at}].minimum", each.minimum),
            number.decimal(f"{field}.scales[{at}].maximum", each.maximum),
            each.digits,
        )
        for at, each in enumerate(message.scales)
    )


def _to_model(field: str, message: service_pb2.ReferenceModel) -> ReferenceModel:
    return ReferenceModel(
        model_id=ModelId(message.model_id),
        organisation=message.organisation,
        family=message.family,
        open_weights=message.open_weights,
        releases=tuple(
            Release(
                catalogue.release_kind(f"{field}.releases[{at}].kind", each.kind),
                window.day(f"{field}.releases[{at}].date", each.date),
                each.source,
            )
            for at, each in enumerate(message.releases)
        ),
        scores=tuple(
            ReferenceScore(
                each.index, each.edition, number.decimal(f"{field}.scores[{at}].value", each.value), each.source
            )
            for at, each in enumerate(message.scores)
        ),
        provenance=to_provenance(message.provenance),
    )


def _to_candidate(field: str, message: service_pb2.CandidateScore) -> Candidate:
    return Candidate(
        team_id=TeamId(message.team_id),
        value=number.decimal(f"{field}.value", message.value),
        declared=ModelId(message.declared_model_id) if message.declared_model_id else None,
    )
