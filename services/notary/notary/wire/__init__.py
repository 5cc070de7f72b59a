"""Protobuf and Kafka messages ↔ what the notary means by them, and its table of refusals."""

from notary.wire.arrival import arrived_of
from notary.wire.messages import (
    entry_message,
    erasure_id_of,
    event_id_of,
    head_message,
    index_of,
    page_size_of,
    page_token_of,
)
from notary.wire.openings import (
    erasure_event,
    erasure_message,
    opening_message,
    release_event,
    sealed_value_message,
)
from notary.wire.refusals import REASONS
from notary.wire.withholdings import act_id_of, withholding_event, withholding_kind_of, withholding_message
from notary.wire.witnesses import witness_key_of, witness_message

__all__ = [
    "REASONS",
    "act_id_of",
    "arrived_of",
    "entry_message",
    "erasure_event",
    "erasure_id_of",
    "erasure_message",
    "event_id_of",
    "head_message",
    "index_of",
    "opening_message",
    "page_size_of",
    "page_token_of",
    "release_event",
    "sealed_value_message",
    "withholding_event",
    "withholding_kind_of",
    "withholding_message",
    "witness_key_of",
    "witness_message",
]
