"""An entry of the log: one event with its place on Kafka, some values sealed. Its canonical bytes are the leaf.

    {"actor": …, "event_id": …, "payload": {…}, "place": {"key": …, "offset": …, "partition": …},
     "sealed": {"/payload/rows": {"class": "blind", "commitment": …}}, "source": …, "time": …, "topic": …, "type": …}

`payload` is the event in protobuf's JSON mapping, with the field names of the contract and without fields that have
their default. What is sealed is not there: `sealed` names its place by a JSON pointer, with class and commitment.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify import canonical, pointer
from verify.head import HeadRefusedError, instant_of, instant_text
from verify.sealing import COMMITMENT_HEX, Seal, SealClass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from verify.canonical import JsonValue
    from verify.sealing import Opening

EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TEXTS = ("event_id", "source", "topic", "type")
CONTENT = ("actor", "payload", "place")
"""The members that may be sealed, whole or in part."""
MEMBERS = tuple(sorted((*TEXTS, *CONTENT, "sealed", "time")))


class EntryRefusedError(Exception):
    """Bytes that should be a log entry are none. `member` is the JSON member at fault, empty for the whole."""

    def __init__(self, member: str, rule: str, offset: int = 0) -> None:
        """Say which member fails which requirement, and at which byte where that is known."""
        super().__init__(f"{member}: {rule}" if member else rule)
        self.member = member
        self.rule = rule
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Unopened:
    """Stands where a value is sealed and there is no opening: whoever reads it must not take it for a value."""

    event_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the programme as the notary recorded it."""

    event_id: str
    """CloudEvents id: UUID in lower case."""
    type: str
    """CloudEvents type: full name of the protobuf message."""
    source: str
    """CloudEvents source: the service that raised it."""
    time: datetime
    """When it was raised (UTC)."""
    topic: str
    content: Mapping[str, JsonValue]
    """What is open of `actor` (who caused it), `payload` (the event) and `place` (key, partition and offset)."""
    sealed: Mapping[str, Seal] = field(default_factory=dict)
    """Seals by the JSON pointer to their place in `content`."""

    def encode(self) -> bytes:
        """The leaf: canonical JSON (RFC 8785)."""
        return canonical.encode(
            {
                **self.content,
                "event_id": self.event_id,
                "sealed": {path: seal.document() for path, seal in self.sealed.items()},
                "source": self.source,
                "time": instant_text(self.time),
                "topic": self.topic,
                "type": self.type,
            }
        )

    def opened(self, openings: Mapping[str, Opening]) -> dict[str, JsonValue]:
        """The content with these openings filled in, and `Unopened` where there is none; none of them is checked.

        Raises:
            PlaceRefusedError: a seal has no place in the content.
        """
        content = copy.deepcopy(dict(self.content)) if self.sealed else dict(self.content)
        for path in sorted(self.sealed, key=pointer.order_of):
            opening = openings.get(path)
            pointer.put(content, path, Unopened(self.event_id, path) if opening is None else opening.value)
        return content


def decode(leaf: bytes) -> Entry:
    """The entry whose leaf this is, exactly; any other spelling of the same event is refused.

    Raises:
        EntryRefusedError: it is none.
    """
    try:
        document = canonical.decode(leaf)
    except canonical.NotCanonicalError as error:
        raise EntryRefusedError("", str(error), error.offset) from error
    if not isinstance(document, dict) or not isinstance(document.get("sealed"), dict):
        raise EntryRefusedError("sealed", "an entry says what of it is sealed")
    content = {member: document[member] for member in CONTENT if member in document}
    sealed = {path: _seal(path, value) for path, value in document["sealed"].items()}
    wanted = {member for member in MEMBERS if f"/{member}" not in sealed}
    if set(document) != wanted:
        raise EntryRefusedError("", f"an entry has exactly the members {', '.join(MEMBERS)}, less sealed ones")
    for member in TEXTS:
        if type(document[member]) is not str:
            raise EntryRefusedError(member, "is no text")
    if not EVENT_ID.fullmatch(document["event_id"]):
        raise EntryRefusedError("event_id", "is no UUID in lower case")
    try:
        time = instant_of(document["time"])
    except HeadRefusedError as error:
        raise EntryRefusedError("time", error.rule) from error
    _require_content(content)
    entry = Entry(
        event_id=document["event_id"],
        type=document["type"],
        source=document["source"],
        time=time,
        topic=document["topic"],
        content=content,
        sealed=sealed,
    )
    try:
        entry.opened({})
    except pointer.PlaceRefusedError as error:
        raise EntryRefusedError("sealed", str(error)) from error
    return entry


def _require_content(content: Mapping[str, JsonValue]) -> None:
    if type(content.get("actor", "")) is not str:
        raise EntryRefusedError("actor", "is no text")
    if type(content.get("payload", {})) is not dict:
        raise EntryRefusedError("payload", "is no object")
    place = content.get("place")
    if place is None and "place" not in content:
        return
    if not isinstance(place, dict) or set(place) != {"key", "offset", "partition"} or type(place["key"]) is not str:
        raise EntryRefusedError("place", "has exactly the members key, a text, offset and partition")
    for member in ("offset", "partition"):
        if type(place[member]) is not int or place[member] < 0:
            raise EntryRefusedError(f"place.{member}", "is no count")


def _seal(path: str, document: JsonValue) -> Seal:
    """The seal of its JSON document.

    Raises:
        EntryRefusedError: it is none, or is of no content.
    """
    if path.split("/")[1:2] not in [[member] for member in CONTENT]:
        raise EntryRefusedError("sealed", f"{path!r} is no place in {', '.join(CONTENT)}")
    if not isinstance(document, dict) or set(document) != {"class", "commitment"}:
        raise EntryRefusedError("sealed", f"{path}: a seal has exactly the members class, commitment")
    seal_class, committed = document["class"], document["commitment"]
    if not isinstance(seal_class, str) or seal_class not in set(SealClass):
        raise EntryRefusedError("sealed", f"{path}: the class is none of {', '.join(SealClass)}")
    if not isinstance(committed, str) or not COMMITMENT_HEX.fullmatch(committed):
        raise EntryRefusedError("sealed", f"{path}: the commitment is not 64 digits of lower-case hex")
    return Seal(SealClass(seal_class), committed)
