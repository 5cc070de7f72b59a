"""A decision that officers took beside the computed one is another decision, although the computed hash is the same."""

from __future__ import annotations

from datetime import UTC, datetime

from dokpamo.selection.v1 import events_pb2, stage_pb2
from grants import wire

FINAL = datetime(2026, 1, 25, 15, tzinfo=UTC)


def finalized(*advanced: str) -> events_pb2.DecisionFinalized:
    """The end of stage 1; with teams, as two officers let them go on."""
    message = events_pb2.DecisionFinalized(stage_id="stage-1", decision_sha256="ab" * 32)
    if advanced:
        override = stage_pb2.Override(override_id="o", decision_sha256="ab" * 32, advanced=advanced, proposed_by="kim")
        message.override.CopyFrom(override)
    return message


def test_what_officers_decide_is_told_apart_from_what_was_computed() -> None:
    computed, one, other = (
        wire.decision_of(each, FINAL).sha256 for each in (finalized(), finalized("a"), finalized("b"))
    )
    assert computed == "ab" * 32
    assert len({computed, one, other}) == 3
    assert wire.decision_of(finalized("a"), FINAL).sha256 == one
