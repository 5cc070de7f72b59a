"""Every event becomes an entry of the log exactly once, and its id stands for one content for ever.

Source: design page "Selection and notary", "Notary": every event of every topic becomes a leaf
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.entry import Entry


class EventRewrittenError(Exception):
    """An event came with the id of an entry and another content: somebody rewrites history."""

    def __init__(self, event_id: str, value: str) -> None:
        """Name the event and where the other content was read."""
        super().__init__(f"event {event_id} is in the log with another content than at {value}")
        self.field = "event_id"
        self.event_id = event_id
        self.value = value
        self.rule = "an event id stands for one content for ever"


def require_same_event(arrived: Entry, known: Entry) -> None:
    """Raise `EventRewrittenError` unless an event that arrives again says what its entry says.

    Its place on Kafka may differ, since a relay that is killed sends an event again; nothing that the service said may.
    """
    if _content(arrived) != _content(known):
        raise EventRewrittenError(arrived.event_id, f"{arrived.topic}/{arrived.partition}/{arrived.offset}")


def _content(entry: Entry) -> tuple[object, ...]:
    return (entry.type, entry.source, entry.key, entry.time, entry.actor, entry.topic, entry.payload)
