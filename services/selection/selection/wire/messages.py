"""Protobuf ↔ what selection means by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from common.errors import FieldInvalidError
from common.instants import stamp
from common.provenance import mark_of, value_of
from dokpamo.selection.v1 import events_pb2, service_pb2
from rules import Decision, Measurement, Provenance, RuleSet, Score, Verdict, decision_from_json
from rules.document import MeasurementSource, SheetSource
from rules.exact import NotExactError, decimal_of, plain

from selection.domain.events import (
    DecisionFinalized,
    DecisionProvisional,
    DecisionRecord,
    GateVerdictRecorded,
    RuleSetFrozen,
    RuleSetPublished,
    SelectionEvent,
    StageOpened,
    StagePlanned,
)
from selection.domain.stage import Stage, StageState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from dokpamo.common.v1 import provenance_pb2
    from dokpamo.evaluation.v1 import events_pb2 as evaluation_pb2
    from dokpamo.evaluation.v1 import service_pb2 as evaluation_service_pb2
    from google.protobuf.message import Message

    from selection.domain.rule_set import KeptRuleSet

# As many as a rule set may ask for.
_MOST_JUDGES: Final = 100_000


def scores_of(message: evaluation_pb2.ScoreSheetSubmitted) -> list[Score]:
    """Return the scores of a sheet. Raises `FieldInvalidError`."""
    if not message.assessor_id:
        raise FieldInvalidError("assessor_id", "", "must name the assessor")
    mark = provenance_of(message.provenance)
    return [
        Score(message.source_id, message.assessor_id, row.team_id, row.criterion, value, mark)
        for row, value in _values(message.rows)
    ]


def measurements_of(message: evaluation_pb2.MeasurementsRecorded) -> list[Measurement]:
    """Return measured values. Raises `FieldInvalidError`."""
    mark = provenance_of(message.provenance)
    return [
        Measurement(message.source_id, row.team_id, row.criterion, value, mark) for row, value in _values(message.rows)
    ]


def verdict_of(request: service_pb2.RecordGateVerdictRequest) -> Verdict:
    """Return a gate's verdict. Raises `FieldInvalidError`."""
    if request.judged_by > _MOST_JUDGES:
        raise FieldInvalidError("judged_by", request.judged_by, f"must be at most {_MOST_JUDGES}")
    return Verdict(
        request.gate,
        request.team_id,
        request.passed,
        request.reason,
        tuple(request.evidence),
        request.judged_by,
        provenance_of(request.provenance),
    )


def provenance_of(value: provenance_pb2.Provenance.ValueType) -> Provenance:
    """Return where a value comes from. Raises `FieldInvalidError` for a number that the contract does not know."""
    return Provenance(mark_of(value))


def rule_set_message(kept: KeptRuleSet, *, with_document: bool = True) -> service_pb2.RuleSet:
    """Return a rule set as it travels."""
    return service_pb2.RuleSet(
        rule_set_sha256=kept.sha256,
        rule_set_id=kept.id,
        version=kept.version,
        stage_id=kept.stage,
        state=kept.state.value,
        published_at=stamp(kept.published_at),
        frozen_at=stamp(kept.frozen_at),
        rule_set_json=kept.document if with_document else b"",
    )


def stage_message(place: int, stage: Stage, record: DecisionRecord | None) -> service_pb2.Stage:
    """Return a stage as it travels, with its teams' places once it is decided."""
    return service_pb2.Stage(
        stage_id=stage.id,
        title_ko=stage.title_ko,
        title_en=stage.title_en,
        rule_set_sha256=stage.rule_set_sha256,
        state=stage.state.value,
        opens_at=stamp(stage.opens_at),
        decides_at=stamp(stage.decides_at),
        final_at=stamp(stage.final_at),
        waits_for=stage.waits_for,
        standings=_standings(stage, decision_from_json(record.document) if record else None),
        decision_sha256=record.sha256 if record else "",
        position=place,
    )


def decision_message(
    stage: Stage, record: DecisionRecord, decided_at: datetime, kept: KeptRuleSet
) -> service_pb2.GetDecisionResponse:
    """Return a decision with all that is needed to compute it again."""
    return service_pb2.GetDecisionResponse(
        stage_id=stage.id,
        state="final" if stage.state is StageState.FINAL else "provisional",
        decided_at=stamp(decided_at),
        rule_set_json=kept.document,
        inputs_json=record.inputs,
        decision_json=record.document,
        rule_set_sha256=record.rule_set_sha256,
        inputs_sha256=record.inputs_sha256,
        decision_sha256=record.sha256,
    )


def event_message(event: SelectionEvent) -> Message:  # noqa: PLR0911 - one return an event reads best
    """Return what has happened as others hear it."""
    match event:
        case RuleSetPublished(kept):
            return events_pb2.RuleSetPublished(
                rule_set_sha256=kept.sha256,
                rule_set_id=kept.id,
                version=kept.version,
                stage_id=kept.stage,
                rule_set_json=kept.document,
            )
        case RuleSetFrozen(kept):
            return events_pb2.RuleSetFrozen(rule_set_sha256=kept.sha256, stage_id=kept.stage)
        case StagePlanned(stage):
            return events_pb2.StagePlanned(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                opens_at=stamp(stage.opens_at),
                decides_at=stamp(stage.decides_at),
            )
        case StageOpened(stage, rules):
            return _opened(stage, rules)
        case GateVerdictRecorded(stage_id, verdict):
            return _recorded(stage_id, verdict)
        case DecisionProvisional(stage, record):
            return events_pb2.DecisionProvisional(
                stage_id=stage.id,
                rule_set_sha256=record.rule_set_sha256,
                inputs_sha256=record.inputs_sha256,
                decision_sha256=record.sha256,
                decision_json=record.document,
                final_at=stamp(stage.final_at),
            )
        case DecisionFinalized():
            return _finalized(event)
        case _:
            assert_never(event)


def _values(
    rows: Iterable[evaluation_service_pb2.ScoreRow],
) -> Iterable[tuple[evaluation_service_pb2.ScoreRow, Decimal]]:
    for number, row in enumerate(rows):
        try:
            yield row, decimal_of(row.value)
        except NotExactError as error:
            raise FieldInvalidError(f"rows[{number}].value", row.value, str(error)) from error


def _standings(stage: Stage, decision: Decision | None) -> list[service_pb2.Standing]:
    if decision is None:
        return [service_pb2.Standing(team_id=team, outcome="entered") for team in stage.entrants]
    out = {each.team: each for each in decision.eliminated}
    standings = []
    for row in decision.table:
        loss = out.get(row.team)
        standings.append(
            service_pb2.Standing(
                team_id=row.team,
                total=row.total,
                rank=row.rank or 0,
                outcome="eliminated" if loss else "advanced",
                reason=loss.reason if loss else "",
                gate=(loss.gate or "") if loss else "",
                parts={part.part: part.points for part in row.parts},
                provenance=value_of(row.provenance_of_points()),
                part_provenances={part.part: value_of(part.provenance) for part in row.parts},
            )
        )
    return standings


def _opened(stage: Stage, rules: RuleSet) -> events_pb2.StageOpened:
    return events_pb2.StageOpened(
        stage_id=stage.id,
        rule_set_sha256=stage.rule_set_sha256,
        team_ids=stage.entrants,
        sources=[_source(source) for source in rules.sources if isinstance(source, SheetSource | MeasurementSource)],
    )


def _source(source: SheetSource | MeasurementSource) -> events_pb2.ScoreSource:
    panel = source.panel if source.kind == "sheets" else None
    return events_pb2.ScoreSource(
        source_id=source.id,
        # The contract's word for the document's "measurements".
        kind="sheets" if panel else "measurement",
        criteria=[each.id for each in source.criteria],
        minimum=plain(min(each.minimum for each in source.criteria)),
        maximum=plain(max(each.maximum for each in source.criteria)),
        panel_size=panel.planned if panel else 0,
        panel_minimum=panel.minimum if panel else 0,
        scales=[
            events_pb2.CriterionScale(
                criterion=each.id, minimum=plain(each.minimum), maximum=plain(each.maximum), digits=each.digits
            )
            for each in source.criteria
        ],
    )


def _recorded(stage_id: str, verdict: Verdict) -> events_pb2.GateVerdictRecorded:
    return events_pb2.GateVerdictRecorded(
        stage_id=stage_id,
        team_id=verdict.team,
        gate=verdict.gate,
        passed=verdict.passed,
        reason=verdict.reason,
        evidence=verdict.evidence,
        provenance=value_of(verdict.provenance),
        judged_by=verdict.judged_by,
    )


def _finalized(event: DecisionFinalized) -> events_pb2.DecisionFinalized:
    return events_pb2.DecisionFinalized(
        stage_id=event.decision.stage,
        rule_set_sha256=event.decision.rule_set_sha256,
        inputs_sha256=event.decision.inputs_sha256,
        decision_sha256=event.decision.sha256,
        advanced=event.advanced,
        eliminated=[
            events_pb2.Elimination(team_id=each.team, reason=each.reason, gate=each.gate, forfeits=each.forfeits)
            for each in event.losses
        ],
        awards=[
            events_pb2.Award(
                team_id=each.team,
                kind=each.kind,
                amount=each.amount,
                valid_from=stamp(each.valid_from),
                valid_to=stamp(each.valid_to),
            )
            for each in event.awards
        ],
    )
