"""What a service listens to: a table from event type to handler, made by a function, never at import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

from common.database import Transaction
from common.errors import Refused
from common.events import route
from common.received import Received, headers_of, place_id, read_any, read_event
from common.topics import event_types

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from aiokafka import ConsumerRecord

E = TypeVar("E", bound=Message)

Handler = Callable[[Received[Any], Transaction], Awaitable[None]]
Gatherer = Callable[[Sequence[Received[None]], Transaction], Awaitable[None]]
"""Takes messages that came together, in their order, each new."""


class SubscribedTwiceError(Exception):
    """One event type or topic has two handlers: which of them saw an event could not be told."""

    def __init__(self, name: str) -> None:
        """Keep the `name` of the type or topic."""
        super().__init__(f"{name} has a handler already")
        self.name = name


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record: hand `event` to `handler`, park it for its `defect`, or (neither) do nothing.

    Where there is a `gatherer`, the events of a transaction may be handed to it at once instead.
    """

    record: ConsumerRecord
    event_id: UUID
    event: Received[Any] | None = None
    handler: Handler | None = None
    defect: Refused | None = None
    gatherer: Gatherer | None = None

    @property
    def offset(self) -> int:
        """Its offset in the partition."""
        return int(self.record.offset)

    @property
    def skipped(self) -> bool:
        """Whether it is none of this service's business."""
        return self.handler is None and self.defect is None


class Subscriptions:
    """The subscriptions of one service."""

    def __init__(self, service: str) -> None:
        """Begin without any, for `service`."""
        self.service = service
        self._by_type: dict[str, tuple[type[Message], Handler]] = {}
        self._by_topic: dict[str, Gatherer] = {}
        self._topics: set[str] = set()

    def on(self, message_class: type[E], handler: Callable[[Received[E], Transaction], Awaitable[None]]) -> None:
        """Call `handler` once for every event of `message_class`, in the order of its key.

        An event of the shared contract is this service's own. Raises `SubscribedTwiceError` and `NotAnEventError`.
        """
        name = message_class.DESCRIPTOR.full_name
        if name in self._by_type:
            raise SubscribedTwiceError(name)
        self._topics.add(route(message_class.DESCRIPTOR, self.service).topic)
        self._by_type[name] = (message_class, handler)

    def every(self, topics: Iterable[str], gatherer: Gatherer) -> None:
        """Hand every message of `topics` to `gatherer` once, of any type and also if it cannot be read.

        It gets those of one partition that came together, in order. Where it raises, they come again one by one, so
        that the message at fault is found. Raises `SubscribedTwiceError`.
        """
        for topic in topics:
            if topic in self._by_topic:
                raise SubscribedTwiceError(topic)
            self._by_topic[topic] = gatherer

    @property
    def topics(self) -> tuple[str, ...]:
        """All subscribed topics."""
        return tuple(sorted(self._topics | set(self._by_topic)))

    def delivery(self, record: ConsumerRecord) -> Delivery:
        """Return what is to be done with `record`."""
        if (gatherer := self._by_topic.get(record.topic)) is not None:
            anything = read_any(record)
            return Delivery(record, anything.id, anything, _alone(gatherer), gatherer=gatherer)
        place = place_id(record.topic, record.partition, record.offset)
        name = headers_of(record).get("ce_type", "")
        if name and name not in event_types():
            return Delivery(record, place, defect=_unknown(name))
        if name and name not in self._by_type:
            return Delivery(record, place)
        message_class, handler = self._by_type.get(name, (Message, _never))
        try:
            event = read_event(record, message_class)
        except Refused as defect:
            return Delivery(record, place, defect=defect)
        return Delivery(record, event.id, event, handler)


async def _never(_event: Received[Any], _tx: Transaction) -> None:
    # Stands where a record has no type: reading it is refused before a handler is called.
    message = "a record without a type reached a handler"
    raise AssertionError(message)


def _unknown(name: str) -> Refused:
    rule = "no contract of this release has such an event"
    return Refused("TYPE_UNKNOWN", f"ce_type {name!r}: {rule}", {"field": "ce_type", "value": name, "rule": rule})


def _alone(gatherer: Gatherer) -> Handler:
    """Hand a gatherer one message."""

    async def handler(event: Received[None], tx: Transaction) -> None:
        await gatherer([event], tx)

    return handler
