"""A projection in memory: every event of some topics, from the beginning, without a group and without a table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.errors import KafkaError
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from common.kafka import EndOffsets, Subscriber, partitions_of
from common.received import read_any
from common.service import BackgroundPart
from common.topics import event_types

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from uuid import UUID

    from aiokafka import ConsumerRecord, TopicPartition

    from common.received import Received

log = structlog.get_logger()

_POLL_MS: Final = 500
_PAUSE_SECONDS: Final = 0.5


class Follower(BackgroundPart):
    """A part: calls `on_event` once for every event, in the order of each partition; afresh after each start."""

    def __init__(
        self,
        bootstrap: Sequence[str],
        topics: Iterable[str],
        on_event: Callable[[Received[Message | None]], Awaitable[None]],
        *,
        name: str = "follower",
    ) -> None:
        """Follow `topics`. What cannot be decoded comes with `None` as message; what `on_event` raises is logged."""
        super().__init__(name)
        self._bootstrap = tuple(bootstrap)
        self._topics = tuple(topics)
        self._on_event = on_event
        self._positions: dict[TopicPartition, int] = {}
        # The relay may send an event twice.
        self._seen: set[UUID] = set()
        self.caught_up = asyncio.Event()
        """Set once everything that was there at the start has been seen."""

    async def run(self) -> None:
        """Follow for ever; the broker may be away."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("follower.interrupted", follower=self.name, error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow(self) -> None:
        async with (
            Subscriber(self._bootstrap, self._topics, client_id=f"dokpamo.{self.name}", group=None) as subscriber,
            EndOffsets(self._bootstrap, client_id=f"dokpamo.{self.name}.ends") as ends,
        ):
            consumer = subscriber.consumer
            for place, position in self._positions.items():
                consumer.seek(place, position)
            goal = await ends.read(partitions_of(consumer, self._topics))
            while True:
                self._note_progress(goal)
                for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                    for record in records:
                        await self._show(record)
                        self._positions[place] = record.offset + 1

    def _note_progress(self, goal: dict[TopicPartition, int]) -> None:
        if not self.caught_up.is_set() and all(self._positions.get(place, 0) >= end for place, end in goal.items()):
            self.caught_up.set()
            log.info("follower.caught_up", follower=self.name, events=len(self._seen))

    async def _show(self, record: ConsumerRecord) -> None:
        received = _decoded(read_any(record))
        if received.id in self._seen:
            return
        self._seen.add(received.id)
        try:
            await self._on_event(received)
        except Exception:
            # One event that a page cannot show must not end the page.
            log.exception("follower.failed", follower=self.name, event_id=str(received.id), type=received.type)


def _decoded(received: Received[None]) -> Received[Any]:
    event_type = event_types().get(received.type)
    if event_type is None:
        return received
    message = GetMessageClass(event_type.descriptor)()
    try:
        message.ParseFromString(received.payload)
    except DecodeError:
        return received
    return received.with_message(message)
