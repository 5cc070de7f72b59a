"""Puts outbox rows on their topics, strictly in order, by an idempotent producer.

aiokafka's own batching keeps the order of sends while every send succeeds, but when one batch of a partition fails for
good the following ones may still arrive: a later event of a key ahead of an earlier one. Here the rows of a partition
go as one record batch, which the broker takes whole or not at all, and the next is built when that one is
acknowledged. Order then holds by construction, and a thousand rows cost a few requests.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from common.kafka import started_or_stopped, stopped
from common.metrics import OUTBOX_PUBLISHED_TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from types import TracebackType

    from aiokafka.producer.message_accumulator import BatchBuilder

    from common.outbox.rows import StoredRow

_BATCH_BYTES: Final = 768 * 1024
# Room for a parked message of a mebibyte with its headers.
_LARGEST_REQUEST_BYTES: Final = 3 * 1024 * 1024
_REQUEST_TIMEOUT_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Published:
    """Where a row went."""

    seq: int
    partition: int
    offset: int
    created_at: datetime


@dataclass(slots=True)
class Sent:
    """What became of some rows: `published` in any order; each topic of `failed` stopped at its first error."""

    published: list[Published]
    failed: dict[str, Exception]


class Producer:
    """An idempotent producer with acknowledgement by all replicas."""

    def __init__(self, bootstrap: Sequence[str], client_id: str) -> None:
        """Publish to the cluster at `bootstrap`."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=list(bootstrap),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_LARGEST_REQUEST_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )

    async def __aenter__(self) -> Self:
        """Connect; raise `KafkaError` when the broker is away."""
        await started_or_stopped(self._producer.start, self._producer.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        await stopped(self._producer.stop)

    async def send(self, rows: Iterable[StoredRow]) -> Sent:
        """Publish `rows`, which are in order; return when each is acknowledged or refused."""
        sent = Sent([], {})
        streams: dict[tuple[str, int], list[StoredRow]] = {}
        topics: dict[str, list[int]] = {}
        for row in rows:
            if row.topic not in topics:
                topics[row.topic] = await self._partitions(row.topic, sent)
            if partitions := topics[row.topic]:
                partition = partitions[_bucket(row.key, len(partitions))]
                streams.setdefault((row.topic, partition), []).append(row)
        await asyncio.gather(*(self._stream(*place, rows, sent) for place, rows in streams.items()))
        return sent

    async def _partitions(self, topic: str, sent: Sent) -> list[int]:
        try:
            return sorted(await self._producer.partitions_for(topic))
        except KafkaError as error:
            sent.failed[topic] = error
            return []

    async def _stream(self, topic: str, partition: int, rows: list[StoredRow], sent: Sent) -> None:
        position = 0
        while position < len(rows):
            batch = self._producer.create_batch()
            count = _fill(batch, rows, position)
            try:
                if count == 0:
                    raise MessageSizeTooLargeError(str(rows[position].seq))
                acknowledged = await (await self._producer.send_batch(batch, topic, partition=partition))
            except KafkaError as error:
                sent.failed[topic] = error
                return
            sent.published.extend(
                Published(row.seq, partition, acknowledged.offset + index, row.created_at)
                for index, row in enumerate(rows[position : position + count])
            )
            OUTBOX_PUBLISHED_TOTAL.labels(topic).inc(count)
            position += count


@lru_cache(maxsize=16_384)
def _bucket(key: bytes, partitions: int) -> int:
    """Return where every Kafka client puts `key` (murmur2, sign bit off)."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _fill(batch: BatchBuilder, rows: list[StoredRow], start: int) -> int:
    """Append rows from `start` until the batch is full; return how many."""
    count = 0
    for index in range(start, len(rows)):
        row = rows[index]
        if batch.append(timestamp=None, key=row.key, value=row.payload, headers=row.headers) is None:
            break
        count += 1
    batch.close()
    return count
