"""What has happened in evaluation → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from dokpamo.evaluation.v1 import events_pb2, service_pb2

from evaluation.domain.catalogue import ModelsImported
from evaluation.domain.comparison import Comparison
from evaluation.domain.number import text
from evaluation.domain.run import Run
from evaluation.domain.sheet import Measurements, Score, Sheet
from evaluation.domain.stage import Panel, ScoringClosed
from evaluation.domain.target import PinnedTarget
from evaluation.wire.marks import from_provenance
from evaluation.wire.references import from_model, from_run, from_target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message


def event_message(  # noqa: PLR0911 - one return an event reads best
    event: Panel | Sheet | Measurements | Comparison | ScoringClosed | ModelsImported | PinnedTarget | Run,
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
        case Comparison():
            return events_pb2.ComparisonSubmitted(
                comparison_id=event.comparison_id,
                stage_id=event.stage_id,
                source_id=event.source_id,
                assessor_id=event.assessor_id,
                item=event.item,
                team_ids=event.team_ids,
                preferred_team_id=event.preferred or "",
                provenance=from_provenance(event.provenance),
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
