"""What a handler gets, and how a Kafka record becomes it or is refused."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast
from uuid import UUID, uuid5

import grpc
from google.protobuf.message import DecodeError, Message

from common.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import ConsumerRecord

M_co = TypeVar("M_co", bound="Message | None", covariant=True)
N = TypeVar("N", bound="Message | None")

# Ids of messages that carry none: the place in Kafka is what makes them the same message when they come again.
_PLACES: Final = UUID("6c0f3f0e-0d0c-5c6f-9a55-6b6b2f1f0d1a")
_REQUIRED: Final = ("ce_id", "ce_type", "ce_source", "ce_time")


@dataclass(frozen=True, slots=True)
class Received(Generic[M_co]):
    """One event as it arrived.

    `time` is when it happened by its raiser's clock (UTC), `actor` who caused it. Handlers of every message get `None`
    as `message`, and empty texts for what a message does not carry.
    """

    id: UUID
    type: str
    source: str
    key: str
    time: datetime
    actor: str
    message: M_co
    payload: bytes
    topic: str
    partition: int
    offset: int
    headers: Mapping[str, str]

    def with_message(self, message: N) -> Received[N]:
        """Return the same event, decoded."""
        return cast("Received[N]", replace(self, message=message))  # type: ignore[arg-type]  # another M is the point


def place_id(topic: str, partition: int, offset: int) -> UUID:
    """Return the id of the message at this place of Kafka, for one that carries none."""
    return uuid5(_PLACES, f"{topic}-{partition}-{offset}")


def headers_of(record: ConsumerRecord) -> dict[str, str]:
    """Return the headers by name, the last of each; what is no text shows as escapes."""
    return {storable(name): storable(value or b"") for name, value in record.headers}


def storable(value: bytes | str) -> str:
    """Return `value` as text that PostgreSQL and protobuf take: what is no UTF-8, and NUL, as escapes."""
    raw = value.encode(errors="backslashreplace") if isinstance(value, str) else value
    return raw.decode(errors="backslashreplace").replace("\0", "\\x00")


def raw_headers(record: ConsumerRecord) -> list[list[str | None]]:
    """Return the headers whole: name and base64 of the value, in order."""
    return [
        [storable(name), None if value is None else base64.b64encode(value).decode("ascii")]
        for name, value in record.headers
    ]


def sent_at(record: ConsumerRecord) -> datetime:
    """Return Kafka's own timestamp of the record."""
    return datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)


def read_any(record: ConsumerRecord) -> Received[None]:
    """Return `record` as it is, whatever it is: nothing is refused, nothing is decoded."""
    headers = headers_of(record)
    try:
        event_id = UUID(headers.get("ce_id", ""))
    except ValueError:
        event_id = place_id(record.topic, record.partition, record.offset)
    try:
        time = _instant(headers.get("ce_time", ""))
    except ValueError:
        time = sent_at(record)
    return Received(
        id=event_id,
        type=headers.get("ce_type", ""),
        source=headers.get("ce_source", ""),
        key=storable(record.key or b""),
        time=time,
        actor=headers.get("ce_actor", ""),
        message=None,
        payload=record.value or b"",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        headers=headers,
    )


def read_event(record: ConsumerRecord, message_class: type[Message]) -> Received[Message]:
    """Return `record` as an event of `message_class`.

    Raises `Refused` with HEADER_MISSING, HEADER_INVALID, KEY_MISSING, PAYLOAD_EMPTY (it would be a tombstone) or
    PAYLOAD_UNDECODABLE.
    """
    headers = headers_of(record)
    for name in _REQUIRED:
        if not headers.get(name):
            raise _refused("HEADER_MISSING", name, "", "a CloudEvents message carries it")
    try:
        event_id = UUID(headers["ce_id"])
        time = _instant(headers["ce_time"])
    except ValueError as error:
        raise _refused(
            "HEADER_INVALID", "ce_id, ce_time", f"{headers['ce_id']}, {headers['ce_time']}", str(error)
        ) from error
    key = storable(record.key or b"")
    if key.encode() != (record.key or b""):
        raise _refused("KEY_INVALID", "key", key, "a key is an aggregate id in UTF-8")
    if not key:
        raise _refused("KEY_MISSING", "key", "", "the key is the aggregate id, in whose order events arrive")
    return Received(
        id=event_id,
        type=headers["ce_type"],
        source=headers["ce_source"],
        key=key,
        time=time,
        actor=headers.get("ce_actor", ""),
        message=_decoded(record, message_class),
        payload=record.value,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        headers=headers,
    )


def _decoded(record: ConsumerRecord, message_class: type[Message]) -> Message:
    if not record.value:
        raise _refused("PAYLOAD_EMPTY", "payload", "", "an empty payload would be a tombstone")
    message = message_class()
    try:
        message.ParseFromString(record.value)
    except DecodeError as error:
        name = message_class.DESCRIPTOR.full_name
        raise _refused(
            "PAYLOAD_UNDECODABLE", "payload", f"{len(record.value)} bytes", f"it must be a {name}"
        ) from error
    return message


def _refused(code: str, field: str, value: str, rule: str) -> Refused:
    return Refused(
        code,
        f"{field} {value!r}: {rule}",
        {"field": field, "value": value, "rule": rule},
        grpc.StatusCode.INVALID_ARGUMENT,
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        message = f"instant {text!r} has no time zone"
        raise ValueError(message)
    return instant.astimezone(UTC)
