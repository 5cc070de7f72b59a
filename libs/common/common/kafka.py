"""What the delivery modules share about the broker: one subscriber's settings, and where the topics end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from types import TracebackType

    from aiokafka import ConsumerRebalanceListener
    from faststream.kafka.message import KafkaMessage
    from faststream.kafka.subscriber.usecase import BatchSubscriber

log = structlog.get_logger()

_REQUEST_TIMEOUT_MS: Final = 15_000
_HEARTBEATS_A_SESSION: Final = 5
_METADATA_AGE_MS: Final = 30_000
_RETRY_BACKOFF_MS: Final = 100
_END_OFFSETS_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 4.0
_BOOTSTRAP_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 1.0
_NOT_CONNECTED: Final = "not connected to the broker"


class Subscriber:
    """One FastStream batch subscriber to some topics, with every default that loses messages set otherwise.

    FastStream owns the connection, the group membership and the rebalance listener. The records are taken from its
    consumer by `aiokafka.getmany` instead of a FastStream handler, because its batch loop (0.7.8) sleeps for the whole
    batch time-out whenever a poll was empty, during which a message waits, and hands the partitions over as one flat
    batch, so that one that backs off would hold up the others.
    """

    def __init__(
        self,
        bootstrap: Sequence[str],
        topics: Sequence[str],
        *,
        client_id: str,
        group: str | None,
        listener: ConsumerRebalanceListener | None = None,
        poll_interval: timedelta = timedelta(minutes=5),
        session: timedelta = timedelta(seconds=10),
    ) -> None:
        """Read `topics` from the beginning, or from where `group` has got to; offsets are committed by hand only.

        A member that does not ask for `poll_interval`, or is not heard of for a `session`, loses its partitions.
        """
        self.topics = tuple(topics)
        self._broker = KafkaBroker(
            # A list: a comma-joined string would be one unknown host.
            list(bootstrap),
            client_id=client_id,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            metadata_max_age_ms=_METADATA_AGE_MS,
            retry_backoff_ms=_RETRY_BACKOFF_MS,
            allow_auto_create_topics=False,
            consumer_only=True,
            acks="all",
            enable_idempotence=True,
            logger=None,
        )
        self._subscriber: BatchSubscriber = self._broker.subscriber(
            *self.topics,
            batch=True,
            group_id=group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=session // timedelta(milliseconds=1),
            heartbeat_interval_ms=session / _HEARTBEATS_A_SESSION // timedelta(milliseconds=1),
            max_poll_interval_ms=poll_interval // timedelta(milliseconds=1),
            fetch_max_wait_ms=500,
            decoder=_untouched,
            listener=listener,
        )

    async def __aenter__(self) -> Self:
        """Connect and join; raise `KafkaError` when the broker is away."""
        await started_or_stopped(self._broker.start, self._broker.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the group and disconnect."""
        await stopped(self._broker.stop)

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The started consumer; raises `KafkaError` while there is none."""
        consumer = self._subscriber.consumer
        if consumer is None:
            raise KafkaError(_NOT_CONNECTED)
        return consumer


async def started_or_stopped(start: Callable[[], Awaitable[object]], stop: Callable[[], Awaitable[object]]) -> None:
    """Start a client; stop it if that fails or is cancelled half-way.

    A client that is dropped half started lives on in its tasks: as a member of the group that holds partitions and
    never reads them. Nor may its start be cut: aiokafka (0.14) forgets the socket of a bootstrap that is cancelled
    between its connection and its answer. So the start is let go on for a while, and then stopped.
    """
    starting = asyncio.ensure_future(start())
    try:
        await asyncio.shield(starting)
    except BaseException:
        await asyncio.wait({starting}, timeout=_BOOTSTRAP_SECONDS)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stopped(stop)
        raise


async def stopped(stop: Callable[[], Awaitable[object]]) -> None:
    """Stop a client, within a few seconds also if the broker does not answer."""
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await stop()
    except (TimeoutError, KafkaError, OSError) as error:
        log.warning("kafka.stop_failed", error=repr(error))


async def broker_answers(bootstrap: Sequence[str]) -> bool:
    """Whether a broker of the cluster at `bootstrap` answers now, asked over a connection of its own.

    A connected client does not tell: it tries again by itself, without a word, as long as the broker is away.
    """
    for address in bootstrap:
        host, _, port = address.rpartition(":")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                connection = await create_conn(host, int(port))
        except (TimeoutError, KafkaError, OSError):
            continue
        await connection.close()
        return True
    return False


async def _untouched(message: KafkaMessage) -> object:
    # FastStream guesses JSON where a payload has no content type: bytes stay bytes here.
    return message.body


class EndOffsets:
    """Knows where topics end, over a connection of its own: one that fetches is busy for up to half a second."""

    def __init__(self, bootstrap: Sequence[str], *, client_id: str) -> None:
        """Ask the cluster at `bootstrap`."""
        self._bootstrap = list(bootstrap)
        self._client_id = client_id
        self._consumer: AIOKafkaConsumer | None = None
        self._known: frozenset[TopicPartition] = frozenset()

    async def __aenter__(self) -> Self:
        """Connect; raise `KafkaError` when the broker is away."""
        self._known = frozenset()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            group_id=None,
            enable_auto_commit=False,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            metadata_max_age_ms=_METADATA_AGE_MS,
        )
        await started_or_stopped(consumer.start, consumer.stop)
        self._consumer = consumer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stopped(consumer.stop)

    async def read(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset after the last message of each of `partitions`.

        Raises `KafkaError` or `TimeoutError` when the broker does not answer.
        """
        if self._consumer is None:
            raise KafkaError(_NOT_CONNECTED)
        wanted = frozenset(partitions)
        async with asyncio.timeout(_END_OFFSETS_SECONDS):
            if wanted != self._known:
                # A client learns unknown topics one by one, with a pause after each: dozens outlast the timeout.
                # Assigned together they are learnt at once, and paused they are not read.
                self._consumer.assign(list(wanted))
                self._consumer.pause(*wanted)
                self._known = wanted
            return dict(await self._consumer.end_offsets(list(wanted)))


def partitions_of(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """Return all partitions of `topics`, to which `consumer` is subscribed; raise `KafkaError` if unknown yet."""
    found = []
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            message = f"the partitions of {topic} are not known"
            raise KafkaError(message)
        found += [TopicPartition(topic, number) for number in sorted(numbers)]
    return found
