"""Protobuf → what selection means by it. Everything raises `FieldInvalidError` for what the contract does not allow."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError
from common.provenance import mark_of
from rules import Comparison, Measurement, Provenance, Score, Verdict
from rules.exact import NotExactError, decimal_of

from selection.domain.deciding import ScoringClose
from selection.domain.gates import Conflict, Judgement
from selection.domain.trigger import Trigger
from selection.domain.versions import Corrections, ScoreChange

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from dokpamo.common.v1 import provenance_pb2
    from dokpamo.evaluation.v1 import events_pb2 as evaluation_pb2
    from dokpamo.evaluation.v1 import service_pb2 as evaluation_service_pb2
    from dokpamo.selection.v1 import decisions_pb2, gates_pb2, objections_pb2, service_pb2, stage_pb2
    from google.protobuf.message import Message

_TWO: Final = 2
# As many as a rule set may ask for.
_MOST_JUDGES: Final = 100_000


def scores_of(message: evaluation_pb2.ScoreSheetSubmitted) -> list[Score]:
    """Return the scores of a sheet."""
    if not message.assessor_id:
        raise FieldInvalidError("assessor_id", "", "must name the assessor")
    mark = provenance_of(message.provenance)
    return [
        Score(message.source_id, message.assessor_id, row.team_id, row.criterion, value, mark)
        for row, value in _values(message.rows)
    ]


def comparison_of(message: evaluation_pb2.ComparisonSubmitted) -> Comparison:
    """Return a comparison."""
    if not message.assessor_id:
        raise FieldInvalidError("assessor_id", "", "must name the assessor")
    if len(message.team_ids) != _TWO:
        raise FieldInvalidError("team_ids", ", ".join(message.team_ids), "names two teams")
    first, second = sorted(message.team_ids)
    return Comparison(
        message.source_id,
        message.assessor_id,
        message.item,
        first,
        second,
        message.preferred_team_id,
        provenance_of(message.provenance),
    )


def measurements_of(message: evaluation_pb2.MeasurementsRecorded) -> list[Measurement]:
    """Return measured values."""
    mark = provenance_of(message.provenance)
    return [
        Measurement(message.source_id, row.team_id, row.criterion, value, mark) for row, value in _values(message.rows)
    ]


def scoring_close_of(message: evaluation_pb2.ScoringClosed) -> ScoringClose:
    """Return what evaluation has for a stage."""
    closes_at = instant_of(message, "closes_at")
    if closes_at is None:
        raise FieldInvalidError("closes_at", "", "must be set")
    return ScoringClose(closes_at, {each.source_id: each.handed_in for each in message.tallies})


def triggers_of(request: service_pb2.OpenStageRequest) -> list[Trigger]:
    """Return the events from outside that a stage shall wait for."""
    return [Trigger(each.trigger_id, each.pipeline_id) for each in request.triggers]


def verdict_of(request: service_pb2.RecordGateVerdictRequest) -> Verdict:
    """Return a gate's verdict."""
    return _verdict(request, request.team_id, "judged_by")


def judgement_of(request: gates_pb2.RecordGateJudgementRequest) -> Judgement:
    """Return what a judge finds."""
    return Judgement(
        request.gate,
        request.team_id,
        request.judge_id,
        request.passed,
        request.reason,
        tuple(request.evidence),
        provenance_of(request.provenance),
    )


def conflict_of(request: gates_pb2.RecordGateConflictRequest) -> Conflict:
    """Return a conflict of interest."""
    if not request.judge_id:
        raise FieldInvalidError("judge_id", "", "must name the judge")
    return Conflict(request.judge_id, request.team_id, request.reason)


def corrections_of(request: decisions_pb2.RedecideRequest | objections_pb2.OrderRemedyRequest) -> Corrections:
    """Return what a re-decision reads otherwise."""
    return Corrections(
        tuple(_score_change(f"score_changes[{number}]", each) for number, each in enumerate(request.score_changes)),
        tuple(
            _verdict(each, each.team_id, f"verdict_changes[{number}].judged_by")
            for number, each in enumerate(request.verdict_changes)
        ),
    )


def instant_of(message: Message, field: str) -> datetime | None:
    """Return an instant of a message (UTC); `None` where it is not set."""
    if not message.HasField(field):
        return None
    stamp = getattr(message, field)
    try:
        return stamp.ToDatetime(UTC)  # type: ignore[no-any-return] # of whatever field, a Timestamp
    except ValueError as error:
        raise FieldInvalidError(field, f"{stamp.seconds} s", "must be an instant of a calendar") from error


def provenance_of(value: provenance_pb2.Provenance.ValueType) -> Provenance:
    """Return where a value comes from. Raises for a number that the contract does not know."""
    return Provenance(mark_of(value))


def _verdict(
    message: service_pb2.RecordGateVerdictRequest | stage_pb2.VerdictChange, team: str, judged_by: str
) -> Verdict:
    if message.judged_by > _MOST_JUDGES:
        raise FieldInvalidError(judged_by, message.judged_by, f"must be at most {_MOST_JUDGES}")
    return Verdict(
        message.gate,
        team,
        message.passed,
        message.reason,
        tuple(message.evidence),
        message.judged_by,
        provenance_of(message.provenance),
    )


def _score_change(field: str, message: stage_pb2.ScoreChange) -> ScoreChange:
    return ScoreChange(
        message.source_id,
        message.assessor_id,
        message.team_id,
        message.criterion,
        exact(f"{field}.value", message.value) if message.value else None,
        provenance_of(message.provenance),
    )


def _values(
    rows: Iterable[evaluation_service_pb2.ScoreRow],
) -> Iterable[tuple[evaluation_service_pb2.ScoreRow, Decimal]]:
    for number, row in enumerate(rows):
        yield row, exact(f"rows[{number}].value", row.value)


def exact(field: str, value: str) -> Decimal:
    """Return an exact decimal. Raises `FieldInvalidError`, naming the `field`, for anything else."""
    try:
        return decimal_of(value)
    except NotExactError as error:
        raise FieldInvalidError(field, value, str(error)) from error
