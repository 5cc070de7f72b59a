"""The outbox: what a transaction says to others, stored with its state, and the relay that publishes it in order."""

from __future__ import annotations

from common.outbox.relay import Relay
from common.outbox.rows import (
    LARGEST_EVENT_BYTES,
    EventTooLargeError,
    OutboxRow,
    add,
    oldest_unpublished,
    pending,
    published_total,
    write,
)

__all__ = [
    "LARGEST_EVENT_BYTES",
    "EventTooLargeError",
    "OutboxRow",
    "Relay",
    "add",
    "oldest_unpublished",
    "pending",
    "published_total",
    "write",
]
