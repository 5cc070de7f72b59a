"""The inbox: which events a consumer has applied or parked, written in the transaction of the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from common.database import Transaction

# One statement for a whole batch: enter what is new, count it, say what was new. A transaction that is entering the
# same event elsewhere (two owners of a partition during a rebalance) is waited for.
_ENTER: Final = """
WITH fresh AS (
    INSERT INTO inbox (consumer, event_id, topic, partition, kafka_offset)
    SELECT $1, e.event_id, $3, $4, e.kafka_offset FROM unnest($2::uuid[], $5::bigint[]) AS e (event_id, kafka_offset)
    ON CONFLICT DO NOTHING
    RETURNING event_id
), counted AS (
    INSERT INTO delivery_total (name, value)
    SELECT format('consumed:%s:%s', $3, $4), count(*) FROM fresh
    ON CONFLICT (name) DO UPDATE SET value = delivery_total.value + excluded.value
)
SELECT event_id FROM fresh
"""


class Arrival(Protocol):
    """A message as the inbox knows it."""

    @property
    def event_id(self) -> UUID:
        """What makes it the same message when it comes again."""
        ...

    @property
    def offset(self) -> int:
        """Its offset in the partition."""
        ...


async def enter(tx: Transaction, consumer: str, topic: str, partition: int, arrivals: Sequence[Arrival]) -> set[UUID]:
    """Record `arrivals` of one partition as taken by `consumer`; return the ids that were not there before."""
    rows = await tx.fetch(
        _ENTER,
        consumer,
        [arrival.event_id for arrival in arrivals],
        topic,
        partition,
        [arrival.offset for arrival in arrivals],
    )
    return {row["event_id"] for row in rows}


async def consumed_total(tx: Transaction) -> int:
    """Return how many events this service has applied or parked since its first start."""
    return int(await tx.fetchval("SELECT coalesce(sum(value), 0) FROM delivery_total WHERE name LIKE 'consumed:%'"))
