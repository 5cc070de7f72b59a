"""The consumer runtime: the only way to subscribe.

At-least-once delivery, effect once: offsets are committed by hand, only for what is done, and after the effect; what
comes twice meets its inbox row. A partition that backs off keeps its order and holds up no other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from common.consumer.application import Application, Limits
from common.consumer.line import Gate, PartitionLine
from common.errors import DatabaseUnavailableError, TransientError
from common.kafka import EndOffsets, Subscriber, partitions_of
from common.service import BackgroundPart

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

    from common.clock import Clock
    from common.consumer.subscriptions import Subscriptions
    from common.database import Database
    from common.errors import Reasons
    from common.settings import PlatformSettings

log = structlog.get_logger()

_POLL_MS: Final = 500
_GATE_POLL_SECONDS: Final = 0.5
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0
_COMMIT_RETRY_SECONDS: Final = 0.5
_POSITION_SECONDS: Final = 2.0
_LAST_COMMIT_SECONDS: Final = 2.0


class NotConsumingError(TransientError):
    """How much is pending cannot be told, because the broker does not answer."""


class Consumers(BackgroundPart):
    """A part: applies the events that a service subscribes to."""

    def __init__(
        self,
        settings: PlatformSettings,
        database: Database,
        subscriptions: Subscriptions,
        reasons: Reasons,
        clock: Clock,
        *,
        limits: Limits | None = None,
    ) -> None:
        """Apply `subscriptions` to `database`; an exception of `reasons` refuses an event, which is then parked."""
        super().__init__("consumers")
        self.subscriptions = subscriptions
        self.reasons = reasons
        self.clock = clock
        self._settings = settings
        self._application = Application(database, subscriptions, reasons, limits or Limits())
        self._gate = Gate()
        self._session: _Session | None = None

    @property
    def stopped(self) -> bool:
        """Whether the line stands because too much was parked."""
        return self._gate.closed

    async def ready(self) -> bool:
        """Whether it is a member of its group; a stopped line counts too, or staff could not reach what opens it."""
        return self._session is not None or not self.subscriptions.topics

    async def run(self) -> None:
        """Consume for ever; broker and database may be away."""
        if not self.subscriptions.topics:
            await asyncio.Event().wait()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._consume()
            except* (KafkaError, OSError, ConsumerStoppedError) as errors:
                log.warning(
                    "consumer.interrupted", consumer=self.subscriptions.service, error=repr(errors.exceptions[0])
                )
            if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def pending(self) -> int:
        """Return how many messages on the subscribed topics are not yet applied or parked.

        Exact at an instant between call and return: it counts what is retried and what is in a transaction now.
        Raises `NotConsumingError` when it cannot be told.
        """
        if not self.subscriptions.topics:
            return 0
        session = self._session
        if session is None:
            message = "the consumer is not connected"
            raise NotConsumingError(message)
        try:
            return await session.pending()
        except (KafkaError, OSError, TimeoutError) as error:
            message = f"the broker does not answer: {error!r}"
            raise NotConsumingError(message) from error

    async def _consume(self) -> None:
        session = _Session(self._settings, self.subscriptions, self._application, self._gate)
        try:
            async with session:
                self._session = session
                await session.run()
        finally:
            self._session = None


class _Session(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One membership of the group: from joining until the broker fails."""

    def __init__(
        self, settings: PlatformSettings, subscriptions: Subscriptions, application: Application, gate: Gate
    ) -> None:
        service = subscriptions.service
        self._subscriptions = subscriptions
        self._application = application
        self._gate = gate
        self._subscriber = Subscriber(
            settings.kafka_bootstrap,
            subscriptions.topics,
            client_id=f"dokpamo.{service}",
            group=f"dokpamo.{service}",
            listener=self,
            poll_interval=application.limits.poll_interval,
            session=application.limits.session,
        )
        self._ends = EndOffsets(settings.kafka_bootstrap, client_id=f"dokpamo.{service}.ends")
        self._lines: dict[TopicPartition, tuple[PartitionLine, asyncio.Task[None]]] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._progress = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> None:
        await self._subscriber.__aenter__()
        try:
            await self._ends.__aenter__()
        except BaseException:
            await self._subscriber.__aexit__(None, None, None)
            raise

    async def __aexit__(self, *_error: object) -> None:
        try:
            await self._ends.__aexit__(None, None, None)
        finally:
            await self._subscriber.__aexit__(None, None, None)

    async def run(self) -> None:
        consumer = self._subscriber.consumer
        try:
            async with self._tasks as tasks:
                tasks.create_task(self._watch_gate(), name="gate")
                tasks.create_task(self._commit_for_ever(consumer), name="commit")
                while True:
                    await self._fetch(consumer)
        finally:
            await self._commit_last(consumer)

    async def _fetch(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=_POLL_MS)
        # No await from here to the end of the loop: `pending` must not see records that are nowhere.
        for place, records in batches.items():
            line = self._line(place)
            line.put(records)
            if line.full:
                consumer.pause(place)

    def _line(self, place: TopicPartition) -> PartitionLine:
        if place not in self._lines:
            line = PartitionLine(place, self._subscriptions, self._application, self._gate, self._progress.set)
            self._lines[place] = (line, self._tasks.create_task(line.run(), name=f"{place.topic}/{place.partition}"))
        return self._lines[place][0]

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Drop what is under way: its transaction is rolled back, and the next owner gets the message."""
        taken = [self._lines.pop(place) for place in revoked if place in self._lines]
        for _, task in taken:
            task.cancel()
        await asyncio.gather(*(task for _, task in taken), return_exceptions=True)
        await self._commit(
            self._subscriber.consumer,
            {line.place: line.done_offset for line, _ in taken if line.done_offset is not None},
        )
        for place in revoked:
            self._committed.pop(place, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Lines are made when the first records come."""
        log.info("consumer.assigned", consumer=self._subscriptions.service, partitions=len(assigned))

    async def pending(self) -> int:
        consumer = self._subscriber.consumer
        ends = await self._ends.read(partitions_of(consumer, self._subscriptions.topics))
        return sum([max(0, end - await self._position(consumer, place)) for place, end in ends.items()])

    async def _position(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
        """Return the offset of the first message of `place` that is not done."""
        if place in self._lines and (waiting := self._lines[place][0].first_waiting) is not None:
            return waiting
        async with asyncio.timeout(_POSITION_SECONDS):
            if place not in consumer.assignment():
                # Another member's: what it has committed is what is known.
                return int(await consumer.committed(place) or 0)
            position = int(await consumer.position(place))
        # A record may have come while that was asked for.
        line = self._lines.get(place)
        waiting = line[0].first_waiting if line else None
        return position if waiting is None else waiting

    async def _watch_gate(self) -> None:
        """Take over what the table says: a stop outlives the process, and staff opens the line elsewhere."""
        first = True
        while True:
            if first or self._gate.closed:
                first = await self._look_at_gate() is None
            await asyncio.sleep(_GATE_POLL_SECONDS)
            consumer = self._subscriber.consumer
            for place in consumer.paused():
                if place not in self._lines or not self._lines[place][0].half_full:
                    consumer.resume(place)

    async def _look_at_gate(self) -> bool | None:
        """Return whether the line is open, `None` while the database is away."""
        try:
            reason = await self._application.line_stopped()
        except (DatabaseUnavailableError, TransientError):
            return None
        if reason is None:
            if self._gate.closed:
                log.info("consumer.line_opened", consumer=self._subscriptions.service)
            self._gate.open()
        else:
            log.error("consumer.line_stands", consumer=self._subscriptions.service, reason=reason)
            self._gate.close()
        return reason is None

    async def _commit_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._progress.wait()
            self._progress.clear()
            if not await self._commit(consumer, self._to_commit()):
                await asyncio.sleep(_COMMIT_RETRY_SECONDS)
                self._progress.set()

    def _to_commit(self) -> dict[TopicPartition, int]:
        done = {place: line.done_offset for place, (line, _) in self._lines.items()}
        return {
            place: offset
            for place, offset in done.items()
            if offset is not None and offset > self._committed.get(place, -1)
        }

    async def _commit(self, consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> bool:
        """Tell the group how far it has got; a failure does no harm, because the inbox knows what is done."""
        if not offsets:
            return True
        try:
            await consumer.commit(offsets)
        except (KafkaError, ConsumerStoppedError) as error:
            log.info("consumer.commit_failed", consumer=self._subscriptions.service, error=repr(error))
            return False
        self._committed |= offsets
        return True

    async def _commit_last(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(_LAST_COMMIT_SECONDS):
                await self._commit(consumer, self._to_commit())
        except TimeoutError:
            log.info("consumer.commit_failed", consumer=self._subscriptions.service, error="the broker does not answer")
