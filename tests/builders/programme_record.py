"""The public record of a whole programme, made from its documents without a server: what a replay would log of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import rules
from client.replay.programme import Programme, StagePlan, load_programme
from common.provenance import value_of
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.grants.v1.events_pb2 import HoldPosted
from dokpamo.intake.v1 import events_pb2 as intake
from dokpamo.intake.v1 import service_pb2 as intake_api
from dokpamo.selection.v1 import events_pb2 as selection
from selection.domain import consequences
from selection.domain.events import DecisionFinalized, DecisionRecord
from selection.wire.telling import event_message
from verify import canonical
from verify.export import DecisionDocuments, Receipt, Record

from tests.builders.public_record import LogBuilder, private_key, record_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def programme_record(programme: Programme | None = None, *, more: int = 0, heads: int = 20) -> Record:
    """Applications, rule sets, scores, verdicts and decisions of every stage, and `more` events of training."""
    told, log = programme or load_programme(), LogBuilder()
    receipts = [_apply(log, call.call_id, each.team_id) for call in told.calls for each in call.applicants]
    for call in told.calls:
        log.add(intake.CallClosed(call_id=call.call_id, team_ids=[each.team_id for each in call.applicants]))
    rule_sets, decisions = {}, {}
    for stage in told.stages:
        sha256 = rules.sha256_of(stage.rule_set)
        rule_sets[sha256] = rules.canonical_bytes(stage.rule_set)
        decisions[stage.stage_id] = _decide(log, stage, sha256)
    for number in range(more):
        log.add(HoldPosted(job_id=f"job-{number}", team_id="team", gpu_seconds=3600))
    total = len(log.leaves)
    sizes = sorted({max(1, total * number // heads) for number in range(1, heads + 1)})
    return replace(record_of(log, private_key(), sizes), rule_sets=rule_sets, decisions=decisions, receipts=receipts)


def _apply(log: LogBuilder, call_id: str, team_id: str) -> Receipt:
    application_id = f"{call_id}/{team_id}"
    document = canonical.encode({"application_id": application_id})
    receipt = intake_api.Receipt(
        application_id=application_id,
        version=1,
        application_sha256=canonical.sha256_hex(document),
        application_json=document,
    )
    receipt.received_at.FromDatetime(log.now)
    received_at = log.now
    event = log.add(intake.ApplicationSubmitted(application_id=application_id, receipt=receipt))
    return Receipt(application_id, 1, receipt.application_sha256, received_at, event.event_id)


def _decide(log: LogBuilder, stage: StagePlan, sha256: str) -> DecisionDocuments:
    document = rules.canonical_bytes(stage.rule_set)
    log.add(
        selection.RuleSetPublished(
            rule_set_sha256=sha256,
            rule_set_id=stage.rule_set.id,
            version=stage.rule_set.version,
            stage_id=stage.stage_id,
            rule_set_json=document,
        )
    )
    log.add(selection.RuleSetFrozen(rule_set_sha256=sha256, stage_id=stage.stage_id))
    entrants = stage.inputs.entrants
    log.add(selection.StageOpened(stage_id=stage.stage_id, rule_set_sha256=sha256, team_ids=entrants))
    _score(log, stage)
    decision = rules.decide(stage.rule_set, stage.inputs)
    provisional = selection.DecisionProvisional(
        stage_id=stage.stage_id,
        rule_set_sha256=sha256,
        inputs_sha256=stage.inputs.sha256(),
        decision_sha256=decision.sha256(),
        decision_json=decision.canonical_bytes(),
        version=1,
    )
    final_at = log.add_decision(provisional, stage.rule_set)
    documents = DecisionDocuments(stage.inputs.canonical_bytes(), decision.canonical_bytes())
    log.add(final_decision(stage.rule_set, stage.inputs, decision, final_at))
    log.add(selection.ResultsReleased(stage_id=stage.stage_id, decision_sha256=decision.sha256()))
    return documents


def final_decision(
    rule_set: rules.RuleSet, inputs: rules.Inputs, decision: rules.Decision, final_at: datetime
) -> selection.DecisionFinalized:
    """The event of a decision that became final, with what follows from it, as selection tells it."""
    record = DecisionRecord(
        decision.stage, rules.sha256_of(rule_set), inputs.sha256(), inputs.canonical_bytes(), decision.sha256(),
        decision.canonical_bytes(), 1,
    )  # fmt: skip
    losses = consequences.losses(decision.advanced, decision, rule_set)
    awards = consequences.awards(decision.advanced, rule_set, final_at)
    message = event_message(DecisionFinalized(record, decision.advanced, losses, awards, closed_early=False))
    assert isinstance(message, selection.DecisionFinalized)
    return message


def _score(log: LogBuilder, stage: StagePlan) -> None:
    for source, assessor in stage.sheets:
        log.add(
            evaluation.ScoreSheetSubmitted(
                sheet_id=f"{stage.stage_id}/{source}/{assessor}",
                stage_id=stage.stage_id,
                source_id=source,
                assessor_id=assessor,
                rows=_rows(stage.sheet_rows(source, assessor)),
                provenance=value_of(stage.sheet_provenance(source)),
            )
        )
    for block in stage.measurements:
        log.add(
            evaluation.MeasurementsRecorded(
                stage_id=stage.stage_id,
                source_id=block.source_id,
                rows=_rows(block.rows),
                provenance=value_of(block.provenance),
            )
        )
    for verdict in stage.verdicts:
        log.add(
            selection.GateVerdictRecorded(
                stage_id=stage.stage_id,
                team_id=verdict.team,
                gate=verdict.gate,
                passed=verdict.passed,
                reason=verdict.reason,
                evidence=verdict.evidence,
                judged_by=verdict.judged_by,
                provenance=value_of(verdict.provenance),
            )
        )


def _rows(rows: Sequence[tuple[str, str, str]]) -> list[ScoreRow]:
    return [ScoreRow(team_id=team, criterion=criterion, value=value) for team, criterion, value in rows]
