"""What has happened at gates → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.provenance import value_of
from dokpamo.selection.v1 import events_pb2

from selection.domain import events

if TYPE_CHECKING:
    from google.protobuf.message import Message


def of_gates(
    event: events.GateJudgesSeated
    | events.GateConflictRecorded
    | events.GateJudgementRecorded
    | events.GateVerdictRecorded,
) -> Message:
    """Return what has happened at gates, as others hear it."""
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
        case events.GateVerdictRecorded(stage_id, verdict, judges_for, proceeding):
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
                proceeding_id=proceeding,
            )
        case _:
            assert_never(event)
