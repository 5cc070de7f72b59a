"""What has happened in selection → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain import events
from selection.wire.telling_decisions import of_decisions
from selection.wire.telling_gates import of_gates
from selection.wire.telling_rule_sets import of_rule_sets
from selection.wire.telling_stages import of_stages

if TYPE_CHECKING:
    from google.protobuf.message import Message


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
            return of_rule_sets(event)
        case (
            events.DecisionProvisional()
            | events.DecisionSuperseded()
            | events.DecisionFinalized()
            | events.OverrideProposed()
            | events.OverrideDropped()
            | events.ObjectionWaived()
        ):
            return of_decisions(event)
        case (
            events.GateJudgesSeated()
            | events.GateConflictRecorded()
            | events.GateJudgementRecorded()
            | events.GateVerdictRecorded()
        ):
            return of_gates(event)
        case _:
            return of_stages(event)
