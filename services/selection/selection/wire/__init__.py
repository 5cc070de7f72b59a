"""Protobuf ↔ what selection means by it, and its table of refusals."""

from selection.wire.disclosure import (
    disclosure_event,
    leak_message,
    publication_message,
    shown_message,
    withheld,
)
from selection.wire.messages import (
    bench_message,
    change_message,
    decision_message,
    draft_message,
    override_message,
    rule_set_message,
    stage_message,
    transition_message,
    version_message,
)
from selection.wire.objection_reading import fresh_sheet_of, order_of, remedy_of
from selection.wire.objection_telling import proceeding_event
from selection.wire.objections import Sight, ground_messages, proceeding_message
from selection.wire.reading import (
    comparison_of,
    conflict_of,
    corrections_of,
    instant_of,
    judgement_of,
    measurements_of,
    provenance_of,
    scores_of,
    scoring_close_of,
    triggers_of,
    verdict_of,
)
from selection.wire.refusals import REASONS
from selection.wire.telling import event_message

__all__ = [
    "REASONS",
    "Sight",
    "bench_message",
    "change_message",
    "comparison_of",
    "conflict_of",
    "corrections_of",
    "decision_message",
    "disclosure_event",
    "draft_message",
    "event_message",
    "fresh_sheet_of",
    "ground_messages",
    "instant_of",
    "judgement_of",
    "leak_message",
    "measurements_of",
    "order_of",
    "override_message",
    "proceeding_event",
    "proceeding_message",
    "provenance_of",
    "publication_message",
    "remedy_of",
    "rule_set_message",
    "scores_of",
    "scoring_close_of",
    "shown_message",
    "stage_message",
    "transition_message",
    "triggers_of",
    "verdict_of",
    "version_message",
    "withheld",
]
