"""What has happened in selection → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from common.provenance import value_of
from dokpamo.selection.v1 import events_pb2
from rules.exact import plain

from selection.domain import events
from selection.wire.messages import (
    override_message,
    refused_messages,
    score_change_messages,
    transition_message,
    verdict_change_messages,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rules import RuleSet
    from rules.document import MeasurementSource, SheetSource

    from selection.domain.rule_set import KeptRuleSet


def event_message(event: events.SelectionEvent) -> Message:
    """Return what has happened as others hear it."""
    match event:
        case (
            events.RuleSetPublished()
            | events.RuleSetFrozen()
            | events.RuleSetChangeProposed()
            | events.RuleSetConsentRecorded()
            | events.RuleSetChanged()
            | events.RuleSetChangeDropped()
        ):
            return _of_rule_sets(event)
        case (
            events.DecisionProvisional()
            | events.DecisionSuperseded()
            | events.DecisionFinalized()
            | events.OverrideProposed()
            | events.OverrideDropped()
            | events.ObjectionWaived()
        ):
            return _of_decisions(event)
        case (
            events.GateJudgesSeated()
            | events.GateConflictRecorded()
            | events.GateJudgementRecorded()
            | events.GateVerdictRecorded()
        ):
            return _of_gates(event)
        case _:
            return _of_stages(event)


def _of_rule_sets(
    event: events.RuleSetPublished
    | events.RuleSetFrozen
    | events.RuleSetChangeProposed
    | events.RuleSetConsentRecorded
    | events.RuleSetChanged
    | events.RuleSetChangeDropped,
) -> Message:
    match event:
        case events.RuleSetPublished(kept, supersedes):
            return _published(kept, supersedes)
        case events.RuleSetFrozen(kept):
            return events_pb2.RuleSetFrozen(rule_set_sha256=kept.sha256, stage_id=kept.stage)
        case events.RuleSetChangeProposed(change):
            return events_pb2.RuleSetChangeProposed(
                stage_id=change.stage,
                change_id=change.id,
                old_sha256=change.old_sha256,
                new_sha256=change.new_sha256,
                reason=change.reason,
                proposed_by=change.proposed_by,
                consent=change.consent.value,
                team_ids=change.asked,
            )
        case events.RuleSetConsentRecorded(change, consent):
            return events_pb2.RuleSetConsentRecorded(
                stage_id=change.stage,
                change_id=change.id,
                team_id=consent.team,
                agreed=consent.agreed,
                evidence=consent.evidence,
                recorded_by=consent.recorded_by,
                by_team=consent.by_team,
                new_sha256=change.new_sha256,
            )
        case events.RuleSetChanged(change, stage, rules):
            return events_pb2.RuleSetChanged(
                stage_id=stage.id,
                change_id=change.id,
                old_sha256=change.old_sha256,
                new_sha256=change.new_sha256,
                reason=change.reason,
                proposed_by=change.proposed_by,
                consent=change.consent.value,
                agreed_team_ids=change.agreed,
                asked_team_ids=change.asked,
                opens_at=stamp(stage.opens_at),
                closes_at=stamp(stage.closes_at),
                decides_at=stamp(stage.decides_at),
                sources=_sources(rules),
            )
        case events.RuleSetChangeDropped(change, reason):
            return events_pb2.RuleSetChangeDropped(
                stage_id=change.stage,
                change_id=change.id,
                new_sha256=change.new_sha256,
                outcome=change.state.value,
                reason=reason,
            )
        case _:
            assert_never(event)


def _published(kept: KeptRuleSet, supersedes: tuple[str, ...]) -> Message:
    return events_pb2.RuleSetPublished(
        rule_set_sha256=kept.sha256,
        rule_set_id=kept.id,
        version=kept.version,
        stage_id=kept.stage,
        rule_set_json=kept.document,
        supersedes_sha256=supersedes,
    )


def _of_stages(
    event: events.StagePlanned
    | events.StageOpened
    | events.StageAdvanced
    | events.LatePickRevealed
    | events.LotSeedRevealed,
) -> Message:
    match event:
        case events.StagePlanned(stage, reason):
            return events_pb2.StagePlanned(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                opens_at=stamp(stage.opens_at),
                decides_at=stamp(stage.decides_at),
                closes_at=stamp(stage.closes_at),
                reopens_stage_id=stage.reopens,
                reason=reason,
            )
        case events.StageOpened(stage, rules):
            return events_pb2.StageOpened(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                team_ids=stage.entrants,
                sources=_sources(rules),
                closes_at=stamp(stage.closes_at),
                refused=refused_messages(stage.refused),
            )
        case events.StageAdvanced(stage, at, cause, actor):
            return events_pb2.StageAdvanced(stage_id=stage.id, transition=transition_message(stage, at, cause, actor))
        case events.LatePickRevealed(stage, revealed):
            return events_pb2.LatePickRevealed(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                pick_id=revealed.pick,
                sha256=revealed.sha256,
                salt=revealed.salt,
                content=revealed.content,
            )
        case events.LotSeedRevealed(stage, seed_sha256, seed):
            return events_pb2.LotSeedRevealed(
                stage_id=stage.id, rule_set_sha256=stage.rule_set_sha256, seed_sha256=seed_sha256, seed=seed
            )
        case _:
            assert_never(event)


def _of_gates(
    event: events.GateJudgesSeated
    | events.GateConflictRecorded
    | events.GateJudgementRecorded
    | events.GateVerdictRecorded,
) -> Message:
    match event:
        case events.GateJudgesSeated(stage_id, gate, judges):
            return events_pb2.GateJudgesSeated(stage_id=stage_id, gate=gate, judge_ids=judges)
        case events.GateConflictRecorded(stage_id, conflict):
            return events_pb2.GateConflictRecorded(
                stage_id=stage_id, judge_id=conflict.judge, team_id=conflict.team, reason=conflict.reason
            )
        case events.GateJudgementRecorded(stage_id, judged):
            return events_pb2.GateJudgementRecorded(
                stage_id=stage_id,
                gate=judged.gate,
                team_id=judged.team,
                judge_id=judged.judge,
                passed=judged.passed,
                reason=judged.reason,
                evidence=judged.evidence,
                provenance=value_of(judged.provenance),
            )
        case events.GateVerdictRecorded(stage_id, verdict, judges_for):
            return events_pb2.GateVerdictRecorded(
                stage_id=stage_id,
                team_id=verdict.team,
                gate=verdict.gate,
                passed=verdict.passed,
                reason=verdict.reason,
                evidence=verdict.evidence,
                provenance=value_of(verdict.provenance),
                judged_by=verdict.judged_by,
                judges_for=judges_for,
            )
        case _:
            assert_never(event)


def _of_decisions(
    event: events.DecisionProvisional
    | events.DecisionSuperseded
    | events.DecisionFinalized
    | events.OverrideProposed
    | events.OverrideDropped
    | events.ObjectionWaived,
) -> Message:
    match event:
        case events.DecisionProvisional(stage, record):
            return events_pb2.DecisionProvisional(
                stage_id=stage.id,
                rule_set_sha256=record.rule_set_sha256,
                inputs_sha256=record.inputs_sha256,
                decision_sha256=record.sha256,
                decision_json=record.document,
                final_at=stamp(stage.final_at),
                version=record.version,
                override=override_message(record.override),
            )
        case events.DecisionSuperseded(old, new):
            return events_pb2.DecisionSuperseded(
                stage_id=new.stage,
                old_version=old.version,
                old_decision_sha256=old.sha256,
                version=new.version,
                decision_sha256=new.sha256,
                reason=new.reason,
                cause=new.cause,
                cause_id=new.cause_id,
                difference_json=new.difference,
                score_changes=score_change_messages(new.corrections.scores),
                verdict_changes=verdict_change_messages(new.corrections.verdicts),
            )
        case events.DecisionFinalized():
            return _finalized(event)
        case events.OverrideProposed(proposal):
            return events_pb2.OverrideProposed(
                stage_id=proposal.stage,
                override=override_message(proposal.override),
                expires_at=stamp(proposal.expires_at),
            )
        case events.OverrideDropped(proposal):
            return events_pb2.OverrideDropped(
                stage_id=proposal.stage, override_id=proposal.override.id, outcome=proposal.state.value
            )
        case events.ObjectionWaived(stage_id, version, team, waived_by):
            return events_pb2.ObjectionWaived(stage_id=stage_id, version=version, team_id=team, waived_by=waived_by)
        case _:
            assert_never(event)


def _sources(rules: RuleSet) -> list[events_pb2.ScoreSource]:
    return [_source(source) for source in rules.sources if source.kind in {"sheets", "measurements"}]


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


def _finalized(event: events.DecisionFinalized) -> events_pb2.DecisionFinalized:
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
        version=event.decision.version,
        override=override_message(event.decision.override),
        closed_early=event.closed_early,
    )
