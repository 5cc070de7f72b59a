"""How long from a command to its effect in another service, against a raw Kafka round trip and one PostgreSQL commit.

Peer: aiokafka `send_and_wait` with an idempotent producer until a raw consumer has the message, then one INSERT in a
transaction, until it is committed; the two times added, one after the other, for each try.
Ours: a command is a transaction that changes state and says an event; time is from before its first statement until the
effect of the other service is committed: outbox, relay, broker, inbox, handler and two commits.
Both alternate in one run. p99 of ours against 3 x p99 of the peer.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from common.consumer import Limits, Subscriptions

from tests.bench.ground import Verdict
from tests.builders.delivery import JobStarted, World, apply, started

if TYPE_CHECKING:
    from common.consumer import Received
    from common.database import Transaction

    from tests.bench.ground import Ground

TRIES = 1000
WARM_UP = 100
TARGET = 3.0
PROBE = "round-trip-probe"


class Landing:
    """Waits for the effect of one command."""

    def __init__(self) -> None:
        """Expect nothing yet."""
        self._landed: dict[int, asyncio.Future[float]] = {}

    def expect(self, number: int) -> asyncio.Future[float]:
        """Return what will hold the instant at which effect `number` was committed."""
        self._landed[number] = asyncio.get_running_loop().create_future()
        return self._landed[number]

    async def apply(self, event: Received[JobStarted], tx: Transaction) -> None:
        """Apply the effect; note the instant of its commit."""
        await apply(event, tx)
        landed = self._landed.pop(event.message.attempt)
        tx.after_commit(lambda: landed.set_result(time.perf_counter()))


async def measure(ground: Ground) -> Verdict:
    """Print the percentiles of both and return ours / peer at p99."""
    url = ground.database()
    landing = Landing()
    subscriptions = Subscriptions("grants")
    subscriptions.on(JobStarted, landing.apply)
    await _create_probe(ground)
    producer = AIOKafkaProducer(bootstrap_servers=ground.bootstrap, enable_idempotence=True, acks="all", linger_ms=0)
    reader = AIOKafkaConsumer(
        PROBE, bootstrap_servers=ground.bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    peer, ours = [], []
    async with (
        World(ground.bootstrap, url, ground.folder / "migrations") as world,
        world.relay(),
        world.consumers(subscriptions, limits=Limits()),
        asyncpg.create_pool(url, min_size=1, max_size=1) as pool,
        producer,
        reader,
    ):
        await pool.execute("CREATE TABLE public.probe (LIKE grants.effect INCLUDING ALL)")
        for number in range(TRIES + WARM_UP):
            peer.append(await _round_trip(producer, reader, number) + await _commit(pool, number))
            ours.append(await _command(world, landing, number))
    peer_p99 = _report("round trip + commit", peer[WARM_UP:])
    ours_p99 = _report("command to effect", ours[WARM_UP:])
    return Verdict(ours_p99 / peer_p99, "x (Kafka round trip + commit) at p99", TARGET, at_least=False)


async def _command(world: World, landing: Landing, number: int) -> float:
    landed = landing.expect(number)
    began = time.perf_counter()
    async with world.publisher.transaction() as tx:
        await tx.execute("INSERT INTO effect (event_id, key, number) VALUES (gen_random_uuid(), 'command', $1)", number)
        await tx.publish(started(f"job-{number % 7}", number))
    return await landed - began


async def _round_trip(producer: AIOKafkaProducer, reader: AIOKafkaConsumer, number: int) -> float:
    value = started(f"job-{number % 7}", number).SerializeToString()
    began = time.perf_counter()
    await producer.send_and_wait(PROBE, value, key=b"probe")
    record = await reader.getone()
    assert record.value == value
    return time.perf_counter() - began


async def _commit(pool: asyncpg.Pool[asyncpg.Record], number: int) -> float:
    began = time.perf_counter()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO public.probe (event_id, key, number) VALUES (gen_random_uuid(), 'probe', $1)", number
        )
    return time.perf_counter() - began


async def _create_probe(ground: Ground) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(PROBE, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


def _report(name: str, seconds: list[float]) -> float:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    print(f"{name:20} p50 {1000 * p50:6.2f} ms, p99 {1000 * p99:6.2f} ms, {len(ordered)} tries")
    return p99
