"""Which fields of events are sealed in the public log, and how: as the contracts' option `sealed` says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from dokpamo.common.v1 import options_pb2

from common.topics import event_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

_WELL_KNOWN = "google.protobuf"


class Sealing(StrEnum):
    """How a value stands in the log: in the open, or as a commitment that is opened and erased by this class's rule."""

    OPEN = "open"
    BLIND = "blind"
    PERSONAL = "personal"
    BLIND_PERSONAL = "blind-personal"


_SEALINGS = {
    options_pb2.SEALED_UNSPECIFIED: Sealing.OPEN,
    options_pb2.SEALED_BLIND: Sealing.BLIND,
    options_pb2.SEALED_PERSONAL: Sealing.PERSONAL,
    options_pb2.SEALED_BLIND_PERSONAL: Sealing.BLIND_PERSONAL,
}


def sealing_of(field: FieldDescriptor) -> Sealing:
    """How the contract seals a field."""
    return _SEALINGS[field.GetOptions().Extensions[options_pb2.sealed]]


@cache
def sealing_of_key(event_type: str) -> Sealing:
    """How the contract seals the field that is the key of an event; that of an event nobody knows is personal."""
    if event_type not in event_types():
        return Sealing.PERSONAL
    descriptor = event_types()[event_type].descriptor
    return sealing_of(descriptor.fields_by_name[descriptor.GetOptions().Extensions[options_pb2.event].key_field])


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map, which the descriptors show as repeated entries."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def holds_fields(field: FieldDescriptor) -> bool:
    """Whether a field holds messages of our contracts, whose fields have classes of their own."""
    return (
        field.message_type is not None
        and not field.message_type.full_name.startswith(_WELL_KNOWN)
        and not (is_map(field) and field.message_type.fields_by_name["value"].message_type is None)
    )


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of an event, or of a message inside it."""

    path: str
    """Names from the event down, for example "run.accuracy"."""
    descriptor: FieldDescriptor
    sealing: Sealing
    """Its own class, or that of the field that it is inside of."""


def event_fields(event: Descriptor) -> Iterator[EventField]:
    """Every field of an event that holds no further ones, with its class, in order of the contract."""
    yield from _fields(event, "", Sealing.OPEN, ())


def _fields(message: Descriptor, prefix: str, outer: Sealing, above: tuple[str, ...]) -> Iterator[EventField]:
    for field in message.fields:
        path = prefix + field.name
        sealing = sealing_of(field) if outer is Sealing.OPEN else outer
        inner = field.message_type
        if inner is not None and is_map(field):
            inner = inner.fields_by_name["value"].message_type
        if inner is None or not holds_fields(field) or inner.full_name in above:
            yield EventField(path, field, sealing)
        else:
            yield from _fields(inner, f"{path}.", sealing, (*above, message.full_name))
