"""Rows of the outbox: written as the last thing of a transaction, in the order of commit.

A sequence alone gives no order of commit: a row with a lower number may become visible after a higher one was sent. So
a transaction keeps its events and writes them as its last statement before the commit, under one lock a schema
that is held until then. Numbers are in the order of commit, and there is no order of locks that could deadlock, since
nothing is locked after it. A lock for each key would let unrelated commits overlap, but two transactions that
publish for the same keys in another order would deadlock, and the relay would see holes that may still be filled; the
one lock is held for one INSERT and the commit, which allows several hundred publishing transactions a second for each
service, against some thousands of events a day (docs/design: events).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, NamedTuple

from common import tracing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from google.protobuf.message import Message

    from common.database import Transaction
    from common.events import Event

LARGEST_EVENT_BYTES: Final = 900_000
"""Of payload, key and headers together. Kafka takes 1 MiB a record by default; the rest is room for its framing."""

_LOCK: Final = "hashtextextended(current_schema() || '.outbox', 0)"
_INSERT: Final = f"""
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock({_LOCK})),
written AS (
    INSERT INTO outbox (id, aggregatetype, aggregateid, type, topic, payload, headers, created_at)
    SELECT e.id, e.aggregatetype, e.aggregateid, e.type, e.topic, e.payload, e.headers::jsonb, e.created_at
    FROM turn, unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                      $8::timestamptz[]) WITH ORDINALITY
         AS e (id, aggregatetype, aggregateid, type, topic, payload, headers, created_at, position)
    ORDER BY e.position
    RETURNING 1
)
SELECT pg_notify(current_schema() || '.outbox', count(*)::text) FROM written
"""


class EventTooLargeError(Exception):
    """An event is larger than the broker takes: its topic would wait for it for ever."""

    def __init__(self, event_type: str, size_bytes: int) -> None:
        """Keep the `event_type` and its `size_bytes`."""
        super().__init__(f"{event_type} has {size_bytes} bytes, more than {LARGEST_EVENT_BYTES}")
        self.event_type = event_type
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message on its way to a topic; `headers` are all that it will carry."""

    id: UUID
    aggregate: str
    key: str
    type: str
    topic: str
    payload: bytes
    headers: Mapping[str, str]
    created_at: datetime


async def add(tx: Transaction, message: Message) -> UUID:
    """Say `message` when `tx` commits; return the event's id.

    Raises what `common.events.event_of` raises, and `EventTooLargeError`.
    """
    row = _row(tx.event(message))
    if (size_bytes := _size_bytes(row)) > LARGEST_EVENT_BYTES:
        raise EventTooLargeError(row.type, size_bytes)
    tx.outgoing.append(row)
    return row.id


async def write(tx: Transaction) -> None:
    """Store what `tx` has to say, in order; called by `Database` as the last thing before the commit."""
    rows = tx.outgoing
    await tx.execute(
        _INSERT,
        [row.id for row in rows],
        [row.aggregate for row in rows],
        [row.key for row in rows],
        [row.type for row in rows],
        [row.topic for row in rows],
        [row.payload for row in rows],
        [json.dumps(dict(row.headers), ensure_ascii=False) for row in rows],
        [row.created_at for row in rows],
    )


async def pending(tx: Transaction) -> int:
    """Return how many rows are not yet published."""
    return int(await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def published_total(tx: Transaction) -> int:
    """Return how many events this service has published since its first start."""
    return int(await tx.fetchval("SELECT value FROM delivery_total WHERE name = 'published'") or 0)


async def oldest_unpublished(tx: Transaction) -> datetime | None:
    """Return when (the service's clock) the oldest row that is not yet published was written; `None` without one."""
    instant: datetime | None = await tx.fetchval(
        "SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT 1"
    )
    return instant


def _size_bytes(row: OutboxRow) -> int:
    headers = sum(len(name.encode()) + len(value.encode()) for name, value in row.headers.items())
    return len(row.payload) + len(row.key.encode()) + headers


def _row(event: Event) -> OutboxRow:
    headers = {
        # CloudEvents 1.0, Kafka protocol binding, binary mode.
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_type": event.type,
        "ce_source": event.source,
        "ce_time": event.time.astimezone(UTC).isoformat(),
        "ce_partitionkey": event.key,
        "ce_actor": event.actor,
        "content-type": "application/protobuf",
        **event.headers,
        **tracing.headers(),
    }
    return OutboxRow(event.id, event.aggregate, event.key, event.type, event.topic, event.payload, headers, event.time)


class StoredRow(NamedTuple):
    """A row as the relay reads it, ready for the wire."""

    seq: int
    topic: str
    key: bytes
    payload: bytes
    headers: list[tuple[str, bytes]]
    created_at: datetime
