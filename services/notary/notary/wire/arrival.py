"""An event from Kafka as the notary takes it: in protobuf's JSON mapping, with the contract's secrets taken out.

What the notary cannot read is a secret whole: it does not know what is in it. So is an event whose JSON would not fit a
message of gRPC, as one of control characters alone, each of which is six in JSON: nobody could fetch its entry. Fields
that its release of the contract does not have, of an event from a newer service, stay in the log as well, as a secret
beside the others.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from common.sealed import Sealing, holds_fields, is_map, sealing_of, sealing_of_key
from common.topics import event_types
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from verify import canonical
from verify.pointer import pointer
from verify.sealing import SealClass

from notary.domain.sealing import Arrived, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.consumer import Received
    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message
    from verify.canonical import JsonValue

    Path = tuple[str | int, ...]

NOT_IN_CONTRACT = "$bytes"
"""No field can have this name: under it are the bytes of an event of which some fields are not known."""

LARGEST_BYTES = 2 * 1024 * 1024
"""Of the JSON of an event, well below the 4 MiB that a gRPC message may have; in base64 every event is smaller."""
LARGEST_GROWTH = 64
"""So many bytes of JSON, or fewer, are for one byte of protobuf: those of the longest name of a value."""


def arrived_of(received: Received[Any]) -> Arrived:
    """The event as it is taken into the log."""
    payload, secrets = _payload(received.type, received.payload)
    key_sealing = sealing_of_key(received.type)
    return Arrived(
        event_id=str(received.id),
        type=received.type,
        source=received.source,
        time=received.time,
        topic=received.topic,
        actor=received.actor,
        place={"key": received.key, "offset": received.offset, "partition": received.partition},
        key_class=None if key_sealing is Sealing.OPEN else SealClass(key_sealing),
        payload=payload,
        secrets=secrets,
    )


def _payload(event_type: str, data: bytes) -> tuple[dict[str, JsonValue] | None, dict[str, Secret]]:
    """What is open of an event, and what is not."""
    try:
        message = GetMessageClass(event_types()[event_type].descriptor).FromString(data)
        size = message.ByteSize()
        message.DiscardUnknownFields()
        payload, secrets = parted(message)
    except (KeyError, DecodeError, json_format.Error, ValueError, TypeError):
        return None, {"/payload": _bytes(data)}
    if len(data) * LARGEST_GROWTH > LARGEST_BYTES and _size(payload, secrets) > LARGEST_BYTES:
        return None, {"/payload": _bytes(data)}
    if message.ByteSize() != size:
        secrets[pointer(("payload", NOT_IN_CONTRACT))] = _bytes(data)
    return payload, secrets


def parted(message: Message) -> tuple[dict[str, JsonValue], dict[str, Secret]]:
    """What is open of a message, as JSON, and its secrets by the pointer to their place in an entry.

    Raises:
        ValueError: it has no JSON, as an instant beyond the year 9999.
        TypeError: it has none, as a message of a type that is not known here.
    """
    document = json_format.MessageToDict(message, preserving_proto_field_name=True)
    descriptor = cast("Descriptor", message.DESCRIPTOR)
    return document, dict(_taken_out(descriptor, document, ("payload",)))


def _size(payload: dict[str, JsonValue], secrets: dict[str, Secret]) -> int:
    return sum(len(canonical.encode(each)) for each in (payload, *(secret.value for secret in secrets.values())))


def _bytes(data: bytes) -> Secret:
    return Secret(base64.b64encode(data).decode(), SealClass.PERSONAL)


def _taken_out(descriptor: Descriptor, document: dict[str, JsonValue], at: Path) -> Iterator[tuple[str, Secret]]:
    """Take the secrets out of the JSON of a message; each with the pointer to its place."""
    for field in _telling(descriptor):
        here = (*at, field.name)
        sealing = sealing_of(field)
        if sealing is Sealing.OPEN:
            for path, inner in _messages(field, document.get(field.name), here):
                yield from _taken_out(_message_type(field), inner, path)
            continue
        seal_class = SealClass(sealing)
        value = document.pop(field.name, None)
        if seal_class.erasable and field.is_repeated and not is_map(field):
            yield from ((pointer((*here, at_)), Secret(each, seal_class)) for at_, each in enumerate(value or ()))
        else:
            # Also where the field is not set: that it is not is a secret as well.
            yield pointer(here), Secret(value, seal_class)


def _messages(field: FieldDescriptor, value: JsonValue, at: Path) -> Iterator[tuple[Path, dict[str, JsonValue]]]:
    """The messages that a field holds, each with the path to it."""
    if value is None:
        return
    if is_map(field):
        yield from (((*at, key), each) for key, each in value.items())
    elif field.is_repeated:
        yield from (((*at, number), each) for number, each in enumerate(value))
    else:
        yield at, value


@cache
def _telling(descriptor: Descriptor) -> tuple[FieldDescriptor, ...]:
    """The fields of a message that are sealed, or hold messages in which something is."""
    return tuple(field for field in descriptor.fields if _is_telling(field, frozenset()))


def _is_telling(field: FieldDescriptor, above: frozenset[str]) -> bool:
    if sealing_of(field) is not Sealing.OPEN:
        return True
    if not holds_fields(field) or (inner := _message_type(field)).full_name in above:
        return False
    return any(_is_telling(each, above | {inner.full_name}) for each in inner.fields)


def _message_type(field: FieldDescriptor) -> Descriptor:
    """The type of the messages that a field holds, those of a map's values."""
    inner = field.message_type
    if inner is not None and is_map(field):
        inner = inner.fields_by_name["value"].message_type
    assert inner is not None, "it holds fields"
    return inner
