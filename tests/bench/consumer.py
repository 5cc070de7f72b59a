"""How fast the consumer runtime applies events, against FastStream one by one and raw aiokafka by batch.

All three consume the same messages from the same topic and apply the same effect with the same code: one INSERT a
message in a PostgreSQL transaction.
Peer 1: FastStream, `AckPolicy.NACK_ON_ERROR`, one message at a time, one transaction a message, acknowledged each.
Peer 2: aiokafka, `getmany`, one transaction a batch, offsets committed after each batch; no inbox, no retry, no park.
Ours: the runtime as it runs in a service, with inbox, ordered retry and park.
Time is from the first effect to the last one being visible; joining the group is not measured.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from common.consumer import Limits, Subscriptions
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from tests.bench.ground import Verdict
from tests.builders.delivery import TOPIC, JobStarted, World, apply, started

if TYPE_CHECKING:
    from common.consumer import Received
    from common.database import Transaction

    from tests.bench.ground import Ground

EVENTS = 6_000
KEYS = 500
ROUNDS = 3
ONE_BY_ONE_TARGET = 5.0
BATCH_TARGET = 0.5
INSERT = "INSERT INTO effect (event_id, key, number) VALUES ($1, $2, $3)"


class Watch:
    """Notices the first effect and waits for the last."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], schema: str) -> None:
        """Count the effects in `schema`."""
        self._pool = pool
        self._schema = schema
        self.began = 0.0

    def effect(self) -> None:
        """Say that an effect is about to happen."""
        self.began = self.began or time.perf_counter()

    async def rate(self, expected: int) -> float:
        """Return effects a second once `expected` are visible."""
        while await self._pool.fetchval(f"SELECT count(*) FROM {self._schema}.effect") < expected:  # noqa: ASYNC110  what is waited for is in the database
            await asyncio.sleep(0.02)
        return EVENTS / (time.perf_counter() - self.began)


async def measure(ground: Ground) -> Verdict:
    """Print all three; return ours / peer 2, or the miss of peer 1's target if that is missed."""
    url = ground.database()
    one_by_one: list[float] = []
    batch: list[float] = []
    ours: list[float] = []
    async with World(ground.bootstrap, url, ground.folder / "migrations") as world, asyncpg.create_pool(url) as pool:
        for schema in ("peer1", "peer2"):
            await pool.execute(
                f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.effect (LIKE grants.effect INCLUDING ALL)"
            )
        for number in range(ROUNDS + 1):
            await _fill(world)
            expected = EVENTS * (number + 1)
            rates = (
                await _one_by_one(ground, pool, Watch(pool, "peer1"), expected),
                await _batch(ground, pool, Watch(pool, "peer2"), expected),
                await _ours(world, Watch(pool, "grants"), expected),
            )
            if number == 0:
                # All have warmed up: connections, caches, the JVM.
                continue
            for rate, rates_of_one in zip(rates, (one_by_one, batch, ours), strict=True):
                rates_of_one.append(rate)
            print("round {}: one by one {:7.0f}/s, batch {:7.0f}/s, runtime {:7.0f}/s".format(number, *rates))
    by_one = statistics.median(ours) / statistics.median(one_by_one)
    by_batch = statistics.median(ours) / statistics.median(batch)
    first = Verdict(by_one, "x FastStream one by one", ONE_BY_ONE_TARGET)
    print(f"consumer: {first}")
    return Verdict(by_batch, "of raw aiokafka by batch", BATCH_TARGET) if first.holds else first


async def _fill(world: World) -> None:
    for start in range(0, EVENTS, 1000):
        await world.publish([started(f"job-{number % KEYS}", number) for number in range(start, start + 1000)])
    async with world.relay():
        while not await world.outbox_empty():  # noqa: ASYNC110  what is waited for is in the database
            await asyncio.sleep(0.05)


async def _ours(world: World, watch: Watch, expected: int) -> float:
    async def watched(event: Received[JobStarted], tx: Transaction) -> None:
        watch.effect()
        await apply(event, tx)

    subscriptions = Subscriptions("grants")
    subscriptions.on(JobStarted, watched)
    async with world.consumers(subscriptions, limits=Limits()):
        return await watch.rate(expected)


async def _batch(ground: Ground, pool: asyncpg.Pool[asyncpg.Record], watch: Watch, expected: int) -> float:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=ground.bootstrap,
        group_id="peer2",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )

    async def consume() -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=200)
            if not batches:
                continue
            watch.effect()
            async with pool.acquire() as connection, connection.transaction():
                for records in batches.values():
                    for record in records:
                        await _insert(connection, "peer2", record.headers, record.key, record.value)
            await consumer.commit()

    async with consumer:
        consuming = asyncio.create_task(consume())
        try:
            return await watch.rate(expected)
        finally:
            consuming.cancel()
            await asyncio.wait({consuming})


async def _one_by_one(ground: Ground, pool: asyncpg.Pool[asyncpg.Record], watch: Watch, expected: int) -> float:
    broker = KafkaBroker(ground.bootstrap, logger=None)

    @broker.subscriber(
        TOPIC, group_id="peer1", ack_policy=AckPolicy.NACK_ON_ERROR, auto_offset_reset="earliest", decoder=_raw
    )
    async def handle(_body: bytes, message: KafkaMessage) -> None:
        watch.effect()
        record: Any = message.raw_message
        async with pool.acquire() as connection, connection.transaction():
            await _insert(connection, "peer1", record.headers, record.key, record.value)

    async with broker:
        await broker.start()
        return await watch.rate(expected)


async def _raw(message: KafkaMessage) -> bytes:
    return message.body


async def _insert(
    connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record],
    schema: str,
    headers: list[tuple[str, bytes]],
    key: bytes,
    value: bytes,
) -> None:
    await connection.execute(
        INSERT.replace("effect", f"{schema}.effect", 1),
        dict(headers)["ce_id"].decode(),
        key.decode(),
        JobStarted.FromString(value).attempt,
    )
