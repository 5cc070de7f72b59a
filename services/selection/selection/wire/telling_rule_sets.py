"""What has happened to rule sets and their changes → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from dokpamo.selection.v1 import events_pb2

from selection.domain import events
from selection.wire.telling_stages import sources_of

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from selection.domain.rule_set import KeptRuleSet


def of_rule_sets(
    event: events.RuleSetPublished
    | events.RuleSetFrozen
    | events.RuleSetChangeProposed
    | events.RuleSetConsentRecorded
    | events.RuleSetChanged
    | events.RuleSetChangeDropped,
) -> Message:
    """Return what has happened to rule sets, as others hear it."""
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
                sources=sources_of(rules),
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
