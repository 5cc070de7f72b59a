"""An entry of the log: one event, whole, with its place on Kafka. Its canonical bytes are the leaf."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from verify import canonical
from verify.head import HeadRefusedError, instant_of, instant_text

if TYPE_CHECKING:
    from datetime import datetime

EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MEMBERS = ("actor", "event_id", "key", "offset", "partition", "payload", "source", "time", "topic", "type")

T = TypeVar("T", str, int)


class EntryRefusedError(Exception):
    """Bytes that should be a log entry are none. `member` is the JSON member at fault, empty for the whole."""

    def __init__(self, member: str, rule: str, offset: int = 0) -> None:
        """Say which member fails which requirement, and at which byte where that is known."""
        super().__init__(f"{member}: {rule}" if member else rule)
        self.member = member
        self.rule = rule
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the programme as the notary read it."""

    event_id: str
    """CloudEvents id: UUID in lower case."""
    type: str
    """CloudEvents type: full name of the protobuf message."""
    source: str
    """CloudEvents source: the service that raised it."""
    key: str
    """Kafka key: the aggregate's id."""
    time: datetime
    """When it was raised (UTC)."""
    actor: str
    """Who caused it."""
    topic: str
    partition: int
    offset: int
    payload: bytes
    """The protobuf message, byte for byte."""

    def encode(self) -> bytes:
        """The leaf: canonical JSON (RFC 8785), the payload in base64."""
        return canonical.encode(
            {
                "actor": self.actor,
                "event_id": self.event_id,
                "key": self.key,
                "offset": self.offset,
                "partition": self.partition,
                "payload": base64.b64encode(self.payload).decode(),
                "source": self.source,
                "time": instant_text(self.time),
                "topic": self.topic,
                "type": self.type,
            }
        )


def decode(leaf: bytes) -> Entry:
    """The entry whose leaf this is, exactly; any other spelling of the same event is refused.

    Raises:
        EntryRefusedError: it is none.
    """
    try:
        document = canonical.decode(leaf)
    except canonical.NotCanonicalError as error:
        raise EntryRefusedError("", str(error), error.offset) from error
    if not isinstance(document, dict) or sorted(document) != list(MEMBERS):
        raise EntryRefusedError("", f"an entry has exactly the members {', '.join(MEMBERS)}")
    if not EVENT_ID.fullmatch(_of(document, "event_id", str)):
        raise EntryRefusedError("event_id", "is no UUID in lower case")
    try:
        time = instant_of(document["time"])
    except HeadRefusedError as error:
        raise EntryRefusedError("time", error.rule) from error
    return Entry(
        event_id=document["event_id"],
        type=_of(document, "type", str),
        source=_of(document, "source", str),
        key=_of(document, "key", str),
        time=time,
        actor=_of(document, "actor", str),
        topic=_of(document, "topic", str),
        partition=_of(document, "partition", int),
        offset=_of(document, "offset", int),
        payload=_payload(_of(document, "payload", str)),
    )


def _of(document: dict[str, canonical.JsonValue], member: str, kind: type[T]) -> T:
    value = document[member]
    if type(value) is not kind:
        raise EntryRefusedError(member, f"is no {kind.__name__}")
    if isinstance(value, int) and value < 0:
        raise EntryRefusedError(member, "is negative")
    return value


def _payload(text: str) -> bytes:
    """Strict base64: the unused bits of the last character must be zero, so that one payload has one spelling."""
    try:
        payload = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EntryRefusedError("payload", f"is no base64: {error}") from error
    if base64.b64encode(payload).decode() != text:
        raise EntryRefusedError("payload", "is not the one spelling of its bytes in base64")
    return payload
