"""The relay: the only publisher. One a schema is active, by an advisory lock; the others wait to take over.

A relay that dies between the broker's acknowledgement and the mark leaves rows that the next one publishes again:
duplicates are possible, loss is not. Two relays whose time overlaps (the old one lost its session while sending) do
not break the order either: each sends an event only after all earlier ones, so the first arrival of each event comes
after the first arrival of those before it, and the inbox drops the rest.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka.errors import KafkaError

from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.kafka import broker_answers
from common.metrics import RELAY_DELAY_SECONDS
from common.outages import DRIVER_ERRORS
from common.outbox.rows import StoredRow
from common.outbox.sending import Producer
from common.service import BackgroundPart

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    from common.database import Database
    from common.outbox.sending import Published
    from common.settings import PlatformSettings

log = structlog.get_logger()

_ROWS_AT_ONCE: Final = 500
# NOTIFY wakes at once; this catches a notification lost with its connection.
_POLL_SECONDS: Final = 0.5
_LEADER_POLL_SECONDS: Final = 1.0
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0
_LEAD: Final = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.relay', 0))"
# The statistics of a queue are always old: a page is read along the index, never by sorting all that waits.
_PLAN: Final = "SET enable_sort = off; SET enable_bitmapscan = off; SET enable_seqscan = off"
_READ: Final = """
SELECT seq, aggregateid, topic, payload, headers, created_at FROM outbox
WHERE published_at IS NULL AND seq > $1 AND topic <> ALL($2::text[]) ORDER BY seq LIMIT $3
"""
# A mark lost in a crash of the database is a duplicate, which the inbox drops: no need to wait for the disk. Row by row
# along the index a page takes 8 ms; with old statistics the planner would hash all that waits instead.
_MARK_PLAN: Final = (
    "SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off; "
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
)
_MARK: Final = """
WITH marked AS (
    UPDATE outbox SET published_at = $4, partition = p.partition, kafka_offset = p.kafka_offset
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS p (seq, partition, kafka_offset)
    WHERE outbox.seq = p.seq AND published_at IS NULL
    RETURNING 1
)
INSERT INTO delivery_total (name, value) SELECT 'published', count(*) FROM marked
ON CONFLICT (name) DO UPDATE SET value = delivery_total.value + excluded.value
"""


class Relay(BackgroundPart):
    """A part that publishes this service's outbox."""

    def __init__(self, settings: PlatformSettings, database: Database) -> None:
        """Publish the outbox of `database` to the cluster that `settings` name."""
        super().__init__("relay")
        self._settings = settings
        self._database = database
        self._wake = asyncio.Event()
        # Topics that failed, and until when (loop time) they are left alone so that the others go on.
        self._resting: dict[str, float] = {}
        self.leads = False
        """Whether this is the active relay of its schema."""
        # Publishing, or waiting for its turn: all that it needs itself is there.
        self._at_work = False

    async def ready(self) -> bool:
        """Whether it publishes or waits for its turn, and a broker answers."""
        return self._at_work and await broker_answers(self._settings.kafka_bootstrap)

    async def run(self) -> None:
        """Lead whenever nobody else does, for ever; broker and database may be away."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._session()
            except* (KafkaError, DatabaseUnavailableError, TransactionConflictError, *DRIVER_ERRORS) as errors:
                log.warning("relay.interrupted", service=self._database.schema, error=_first(errors))
            finally:
                self.leads = self._at_work = False
            if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _session(self) -> None:
        """Become the leader and publish until a topic fails or something is away."""
        async with self._database.dedicated() as connection:
            while not await connection.fetchval(_LEAD):
                self._at_work = True
                await asyncio.sleep(_LEADER_POLL_SECONDS)
            self._at_work = False
            await connection.execute(_PLAN)
            channel = f"{self._database.schema}.outbox"
            await connection.add_listener(channel, lambda *_: self._wake.set())
            async with Producer(self._settings.kafka_bootstrap, f"dokpamo.{self._database.schema}.relay") as producer:
                self.leads = self._at_work = True
                log.info("relay.leads", service=self._database.schema)
                await self._publish(connection, producer)

    async def _publish(self, connection: Connection[Record], producer: Producer) -> None:
        while True:
            self._wake.clear()
            if page := await self._read(connection, 0):
                await self._publish_from(page, connection, producer)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)

    async def _publish_from(self, page: list[StoredRow], connection: Connection[Record], producer: Producer) -> None:
        """Send page after page; while one is under way, mark the one before it and read the next."""
        before: list[Published] = []
        while page:
            more = len(page) == _ROWS_AT_ONCE
            # None of the three outlives a session that ends with one of them.
            async with asyncio.TaskGroup() as together:
                sending = together.create_task(producer.send(page))
                reading = together.create_task(self._read(connection, page[-1].seq)) if more else None
                together.create_task(self._mark(before))
            sent = sending.result()
            before = sent.published
            if sent.failed:
                await self._mark(before)
                self._rest(sent.failed)
            page = reading.result() if reading is not None else []
        await self._mark(before)

    def _rest(self, failed: dict[str, Exception]) -> None:
        """Leave the `failed` topics alone for a while, and begin a new session with a new producer."""
        until = asyncio.get_running_loop().time() + _LONGEST_PAUSE_SECONDS
        for topic, error in failed.items():
            log.error("relay.topic_failed", service=self._database.schema, topic=topic, error=repr(error))
            self._resting[topic] = until
        # What the failed producer still holds or has numbered is unknown.
        raise next(iter(failed.values()))

    async def _read(self, connection: Connection[Record], after: int) -> list[StoredRow]:
        now = asyncio.get_running_loop().time()
        self._resting = {topic: until for topic, until in self._resting.items() if until > now}
        rows = await connection.fetch(_READ, after, list(self._resting), _ROWS_AT_ONCE)
        return [
            StoredRow(
                row["seq"],
                row["topic"],
                row["aggregateid"].encode(),
                row["payload"],
                _encoded(row["headers"]),
                row["created_at"],
            )
            for row in rows
        ]

    async def _mark(self, published: list[Published]) -> None:
        if not published:
            return
        # In one order, or two relays whose time overlaps would wait for each other's rows.
        published = sorted(published, key=lambda row: row.seq)
        async with self._database.transaction() as tx:
            await tx.execute(_MARK_PLAN)
            await tx.execute(
                _MARK,
                [row.seq for row in published],
                [row.partition for row in published],
                [row.offset for row in published],
                tx.now,
            )
            now = tx.now
        for row in published:
            RELAY_DELAY_SECONDS.observe((now - row.created_at).total_seconds())


def _encoded(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers.items()]


def _first(errors: BaseExceptionGroup[BaseException]) -> str:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else repr(first)
