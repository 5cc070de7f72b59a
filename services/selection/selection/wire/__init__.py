"""Protobuf ↔ what selection means by it, and its table of refusals."""

from selection.wire.messages import (
    decision_message,
    event_message,
    measurements_of,
    provenance_of,
    rule_set_message,
    scores_of,
    stage_message,
    verdict_of,
)
from selection.wire.refusals import REASONS

__all__ = [
    "REASONS",
    "decision_message",
    "event_message",
    "measurements_of",
    "provenance_of",
    "rule_set_message",
    "scores_of",
    "stage_message",
    "verdict_of",
]
