"""Protobuf and Kafka messages ↔ what the notary means by them, and its table of refusals."""

from notary.wire.messages import (
    entry_message,
    entry_of,
    event_id_of,
    head_message,
    index_of,
    page_size_of,
    page_token_of,
)
from notary.wire.refusals import REASONS

__all__ = [
    "REASONS",
    "entry_message",
    "entry_of",
    "event_id_of",
    "head_message",
    "index_of",
    "page_size_of",
    "page_token_of",
]
