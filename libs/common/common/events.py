"""An event as it travels: CloudEvents attributes and a protobuf payload; its topic and key come from the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from dokpamo.common.v1 import options_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import google._upb._message as upb
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    # The descriptor of a generated message, in pure Python and in C.
    AnyDescriptor = Descriptor | upb.Descriptor

_SHARED_PACKAGE: Final = "dokpamo.common.v1"


class NotAnEventError(Exception):
    """A message without the `(event)` option was published or subscribed to."""

    def __init__(self, message_type: str) -> None:
        """Keep the protobuf `message_type`."""
        super().__init__(f"{message_type} has no (event) option: it is not an event")
        self.message_type = message_type


class ForeignEventError(Exception):
    """A service published an event of another service's contract: only the owner may say it."""

    def __init__(self, message_type: str, service: str) -> None:
        """Keep the protobuf `message_type` and the `service` that tried."""
        super().__init__(f"{message_type} is not {service}'s to publish")
        self.message_type = message_type
        self.service = service


class EventWithoutKeyError(Exception):
    """An event's key field is empty: it would have no order."""

    def __init__(self, message_type: str, key_field: str) -> None:
        """Keep the protobuf `message_type` and its `key_field`."""
        super().__init__(f"{message_type}.{key_field} is empty: an event needs its key")
        self.message_type = message_type
        self.key_field = key_field


@dataclass(frozen=True, slots=True)
class Route:
    """Where events of one type go."""

    topic: str
    aggregate: str
    key_field: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event, ready to be stored and sent.

    `type` is the protobuf full name, `source` is "/dokpamo/<service>", `time` the instant (UTC) of the transaction
    that raised it, `actor` who caused it; `headers` are those beside the CloudEvents ones, e.g. `traceparent`.
    """

    id: UUID
    type: str
    topic: str
    key: str
    aggregate: str
    time: datetime
    source: str
    actor: str
    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def route(descriptor: AnyDescriptor, service: str) -> Route:
    """Return where events of type `descriptor` go when `service` raises or awaits them.

    An event of a service's contract goes to that service's topic; one of the shared contract to `service`'s own.
    Raises `NotAnEventError` for a message without the `(event)` option.
    """
    options = descriptor.GetOptions()
    if not options.HasExtension(options_pb2.event):
        raise NotAnEventError(descriptor.full_name)
    declared = options.Extensions[options_pb2.event]
    owner = owner_of(descriptor) or service
    return Route(f"dokpamo.{owner}.{declared.aggregate}.v1", declared.aggregate, declared.key_field)


def owner_of(descriptor: AnyDescriptor) -> str | None:
    """Return the service whose contract holds `descriptor`; `None` for the shared contract."""
    package = descriptor.file.package
    return None if package == _SHARED_PACKAGE else package.split(".")[1]


def event_of(
    message: Message, *, service: str, time: datetime, actor: str, headers: Mapping[str, str] | None = None
) -> Event:
    """Return `message` as a new event of `service`.

    Raises `NotAnEventError`, `ForeignEventError` and `EventWithoutKeyError`; the key being set, a payload is never
    empty (an empty one would be a tombstone to Kafka).
    """
    descriptor = message.DESCRIPTOR
    where = route(descriptor, service)
    if owner_of(descriptor) not in {None, service}:
        raise ForeignEventError(descriptor.full_name, service)
    key = getattr(message, where.key_field)
    if not key:
        raise EventWithoutKeyError(descriptor.full_name, where.key_field)
    return Event(
        id=uuid4(),
        type=descriptor.full_name,
        topic=where.topic,
        key=key,
        aggregate=where.aggregate,
        time=time,
        source=f"/dokpamo/{service}",
        actor=actor,
        payload=message.SerializeToString(deterministic=True),
        headers=dict(headers or {}),
    )
