"""Protobuf and Kafka messages ↔ what the notary means by them, and its table of refusals."""

from notary.wire.arrival import arrived_of
from notary.wire.messages import act_id_of, entry_message, event_id_of, head_message, index_of
from notary.wire.openings import (
    erasure_event,
    erasure_message,
    opening_message,
    release_event,
    sealed_value_message,
)
from notary.wire.refusals import REASONS
from notary.wire.withholdings import withholding_event, withholding_kind_of, withholding_message
from notary.wire.witnesses import retirement_event, retirement_message, witness_key_of, witness_message

__all__ = [
    "REASONS",
    "act_id_of",
    "arrived_of",
    "entry_message",
    "erasure_event",
    "erasure_message",
    "event_id_of",
    "head_message",
    "index_of",
    "opening_message",
    "release_event",
    "retirement_event",
    "retirement_message",
    "sealed_value_message",
    "withholding_event",
    "withholding_kind_of",
    "withholding_message",
    "witness_key_of",
    "witness_message",
]
