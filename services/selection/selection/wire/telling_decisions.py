"""What has happened to decisions → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from dokpamo.selection.v1 import events_pb2

from selection.domain import events
from selection.wire.messages import override_message, score_change_messages, verdict_change_messages

if TYPE_CHECKING:
    from google.protobuf.message import Message


def of_decisions(
    event: events.DecisionProvisional
    | events.DecisionSuperseded
    | events.DecisionFinalized
    | events.OverrideProposed
    | events.OverrideDropped
    | events.ObjectionWaived,
) -> Message:
    """Return what has happened to decisions, as others hear it."""
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
