"""Every event becomes an entry of the log exactly once, and its id stands for one content for ever.

Source: design page "Selection and notary", "Notary": every event of every topic becomes a leaf
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.entry import Unopened

if TYPE_CHECKING:
    from verify.canonical import JsonValue

    from notary.domain.sealing import Recorded


class EventRewrittenError(Exception):
    """An event came with the id of an entry and another content: somebody rewrites history."""

    def __init__(self, event_id: str, value: str) -> None:
        """Name the event and the topic on which the other content was read."""
        super().__init__(f"event {event_id} is in the log with another content than on {value}")
        self.field = "event_id"
        self.event_id = event_id
        self.value = value
        self.rule = "an event id stands for one content for ever"


def require_same_event(arrived: Recorded, known: Recorded) -> None:
    """Raise `EventRewrittenError` unless an event that arrives again says what its entry says.

    Its place on Kafka may differ, since a relay that is killed sends an event again; nothing that the service said may.
    The salts differ, so the opened contents are compared; what was erased cannot be.
    """
    if not (_header(arrived) == _header(known) and _same(_content(arrived), _content(known))):
        raise EventRewrittenError(arrived.entry.event_id, arrived.entry.topic)


def _header(recorded: Recorded) -> tuple[object, ...]:
    entry = recorded.entry
    return (entry.type, entry.source, entry.time, entry.topic)


def _content(recorded: Recorded) -> JsonValue:
    content = recorded.entry.opened(recorded.openings)
    place = content["place"]
    return content | {"place": place["key"] if isinstance(place, dict) else place}


def _same(arrived: JsonValue, known: JsonValue) -> bool:
    """Whether two values are the same, a default being the same as nothing, and what is erased the same as anything."""
    if isinstance(known, Unopened):
        return True
    if isinstance(arrived, dict) or isinstance(known, dict):
        one, other = arrived or {}, known or {}
        if not isinstance(one, dict) or not isinstance(other, dict):
            return False
        return all(_same(one.get(name), other.get(name)) for name in one.keys() | other.keys())
    if isinstance(arrived, list) and isinstance(known, list):
        return len(arrived) == len(known) and all(map(_same, arrived, known))
    return bool((arrived or None) == (known or None))
