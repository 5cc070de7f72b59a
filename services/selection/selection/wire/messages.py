"""What selection means → messages of its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from common.provenance import value_of
from dokpamo.selection.v1 import decisions_pb2, gates_pb2, rule_set_life_pb2, service_pb2, stage_pb2
from rules import Decision, decision_from_json
from rules.exact import plain

from selection.domain.agenda import agenda
from selection.domain.consequences import OVERRIDE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rules import Verdict
    from rules.decision import Row

    from selection.domain.change import Change
    from selection.domain.eligibility import RefusedApplicant
    from selection.domain.events import DecisionRecord
    from selection.domain.gates import Bench, Judgement
    from selection.domain.override import Override
    from selection.domain.rule_set import Draft, KeptRuleSet
    from selection.domain.stage import Stage
    from selection.domain.trigger import Trigger
    from selection.domain.versions import ScoreChange
    from selection.domain.waits import Wait


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
        superseded_at=stamp(kept.superseded_at),
        rule_set_json=kept.document if with_document else b"",
    )


def draft_message(draft: Draft, *, with_document: bool = True) -> rule_set_life_pb2.Draft:
    """Return a draft as it travels."""
    return rule_set_life_pb2.Draft(
        draft_id=draft.id,
        document=draft.document if with_document else "",
        violations=draft.violations,
        violation_count=draft.violation_count,
        saved_at=stamp(draft.saved_at),
        saved_by=draft.saved_by,
    )


def change_message(change: Change, *, whole: bool = True) -> rule_set_life_pb2.RuleSetChange:
    """Return a change as it travels; not `whole`: without evidence and names of persons."""
    return rule_set_life_pb2.RuleSetChange(
        change_id=change.id,
        stage_id=change.stage,
        old_sha256=change.old_sha256,
        new_sha256=change.new_sha256,
        reason=change.reason,
        proposed_by=change.proposed_by if whole else "",
        proposed_at=stamp(change.proposed_at),
        consent=change.consent.value,
        team_ids=change.asked,
        state=change.state.value,
        closed_at=stamp(change.closed_at),
        consents=[
            rule_set_life_pb2.Consent(
                team_id=each.team,
                agreed=each.agreed,
                evidence=each.evidence if whole else (),
                recorded_by=each.recorded_by if whole else "",
                by_team=each.by_team,
                recorded_at=stamp(each.recorded_at),
            )
            for each in change.consents
        ],
    )


def wait_messages(waits: Iterable[Wait]) -> list[stage_pb2.StageWait]:
    """Return reasons as they travel."""
    return [stage_pb2.StageWait(code=each.code.value, facts=dict(each.facts)) for each in waits]


def trigger_messages(triggers: Iterable[Trigger]) -> list[stage_pb2.StageTrigger]:
    """Return events from outside as they travel."""
    return [
        stage_pb2.StageTrigger(trigger_id=each.id, pipeline_id=each.pipeline, arrived_at=stamp(each.arrived_at))
        for each in triggers
    ]


def refused_messages(refused: Iterable[RefusedApplicant]) -> list[stage_pb2.RefusedApplicant]:
    """Return applicants that may not enter as they travel."""
    return [stage_pb2.RefusedApplicant(team_id=each.team, code=each.code, stage_id=each.stage) for each in refused]


def override_message(override: Override | None) -> stage_pb2.Override | None:
    """Return an override as it travels."""
    if override is None:
        return None
    return stage_pb2.Override(
        override_id=override.id,
        on_version=override.on_version,
        decision_sha256=override.decision_sha256,
        advanced=override.advanced,
        reason=override.reason,
        evidence=override.evidence,
        proposed_by=override.proposed_by,
        confirmed_by=override.confirmed_by,
    )


def score_change_messages(changes: Iterable[ScoreChange]) -> list[stage_pb2.ScoreChange]:
    """Return corrected values as they travel."""
    return [
        stage_pb2.ScoreChange(
            source_id=each.source,
            assessor_id=each.assessor,
            team_id=each.team,
            criterion=each.criterion,
            value="" if each.value is None else plain(each.value),
            provenance=value_of(each.provenance),
        )
        for each in changes
    ]


def verdict_change_messages(verdicts: Iterable[Verdict]) -> list[stage_pb2.VerdictChange]:
    """Return corrected verdicts as they travel."""
    return [
        stage_pb2.VerdictChange(
            gate=each.gate,
            team_id=each.team,
            passed=each.passed,
            reason=each.reason,
            evidence=each.evidence,
            judged_by=each.judged_by,
            provenance=value_of(each.provenance),
        )
        for each in verdicts
    ]


def transition_message(stage: Stage, at: datetime, cause: str, actor: str) -> stage_pb2.StageTransition:
    """Return an entry of a stage's history as it travels."""
    due = agenda(stage)
    return stage_pb2.StageTransition(
        sequence=stage.sequence,
        state=stage.state.value,
        at=stamp(at),
        cause=cause,
        actor=actor,
        owner=due.owner,
        deadline=stamp(due.deadline),
        waits=wait_messages(due.waits),
        rule_set_sha256=stage.rule_set_sha256,
        decision_version=stage.decision_version,
    )


def stage_message(place: int, stage: Stage, record: DecisionRecord | None) -> service_pb2.Stage:
    """Return a stage as it travels, with its teams' places once it is decided."""
    due = agenda(stage)
    return service_pb2.Stage(
        stage_id=stage.id,
        title_ko=stage.title_ko,
        title_en=stage.title_en,
        rule_set_sha256=stage.rule_set_sha256,
        state=stage.state.value,
        opens_at=stamp(stage.opens_at),
        closes_at=stamp(stage.closes_at),
        decides_at=stamp(stage.decides_at),
        final_at=stamp(stage.final_at),
        standings=_standings(stage, record),
        decision_sha256=record.sha256 if record else "",
        position=place,
        waits=wait_messages(due.waits),
        owner=due.owner,
        deadline=stamp(due.deadline),
        refused=refused_messages(stage.refused),
        decision_version=stage.decision_version,
        change_id=stage.change_id,
        reopens_stage_id=stage.reopens,
        sequence=stage.sequence,
        override=override_message(record.override if record else None),
        triggers=trigger_messages(stage.triggers),
        cancel_reason=stage.cancel_reason,
    )


def decision_message(
    record: DecisionRecord, state: str, decided_at: datetime, kept: KeptRuleSet
) -> service_pb2.GetDecisionResponse:
    """Return a decision with all that is needed to compute it again."""
    return service_pb2.GetDecisionResponse(
        stage_id=record.stage,
        state=state,
        decided_at=stamp(decided_at),
        rule_set_json=kept.document,
        inputs_json=record.inputs,
        decision_json=record.document,
        rule_set_sha256=record.rule_set_sha256,
        inputs_sha256=record.inputs_sha256,
        decision_sha256=record.sha256,
        version=record.version,
        override=override_message(record.override),
        reason=record.reason,
        cause=record.cause,
        cause_id=record.cause_id,
        difference_json=record.difference,
        score_changes=score_change_messages(record.corrections.scores),
        verdict_changes=verdict_change_messages(record.corrections.verdicts),
    )


def version_message(
    record: DecisionRecord, state: str, decided_at: datetime, finalized_at: datetime | None
) -> decisions_pb2.DecisionVersion:
    """Return a version of a decision as it travels in a list."""
    return decisions_pb2.DecisionVersion(
        version=record.version,
        state=state,
        decided_at=stamp(decided_at),
        final_at=stamp(finalized_at),
        decision_sha256=record.sha256,
        reason=record.reason,
        cause=record.cause,
        cause_id=record.cause_id,
        override=override_message(record.override),
    )


def bench_message(bench: Bench, judged: Iterable[tuple[Judgement, datetime]]) -> gates_pb2.ListGateJudgementsResponse:
    """Return the judges of a stage with what they found."""
    return gates_pb2.ListGateJudgementsResponse(
        judges=[
            gates_pb2.GateJudge(gate=gate, judge_id=judge)
            for gate, judges in sorted(bench.judges.items())
            for judge in judges
        ],
        conflicts=[
            gates_pb2.GateConflict(judge_id=each.judge, team_id=each.team, reason=each.reason)
            for each in bench.conflicts
        ],
        judgements=[
            gates_pb2.GateJudgement(
                gate=each.gate,
                team_id=each.team,
                judge_id=each.judge,
                passed=each.passed,
                reason=each.reason,
                evidence=each.evidence,
                provenance=value_of(each.provenance),
                recorded_at=stamp(at),
            )
            for each, at in judged
        ],
    )


def _standings(stage: Stage, record: DecisionRecord | None) -> list[service_pb2.Standing]:
    if record is None:
        return [service_pb2.Standing(team_id=team, outcome="entered") for team in stage.entrants]
    decision = decision_from_json(record.document)
    advanced = record.advanced
    return [_standing(row, decision, row.team in advanced) for row in decision.table]


def _standing(row: Row, decision: Decision, advanced: bool) -> service_pb2.Standing:
    loss = None if advanced else next((each for each in decision.eliminated if each.team == row.team), None)
    reason = "" if advanced else loss.reason if loss else OVERRIDE
    return service_pb2.Standing(
        team_id=row.team,
        total=row.total,
        rank=row.rank or 0,
        outcome="advanced" if advanced else "eliminated",
        reason=reason,
        gate=(loss.gate or "") if loss else "",
        parts={part.part: part.points for part in row.parts},
        provenance=value_of(row.provenance_of_points()),
        part_provenances={part.part: value_of(part.provenance) for part in row.parts},
    )
