"""How fast the relay empties an outbox, against raw aiokafka idempotent produce of the same messages.

Peer: one `AIOKafkaProducer(enable_idempotence=True, acks="all", linger_ms=0)`, `send()` for each message (same topic,
keys, headers and payloads), all acknowledgements awaited at the end; once with aiokafka's batch size, once with ours,
and the faster one counts. It reads no database and keeps no order across failures.
Ours: the relay as it runs in a service, from its start on a full outbox until every row is marked in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer

from tests.bench.ground import Verdict
from tests.builders.delivery import TOPIC, World, started

if TYPE_CHECKING:
    from tests.bench.ground import Ground

EVENTS = 20_000
KEYS = 500
ROUNDS = 5
TARGET = 0.5


async def measure(ground: Ground) -> Verdict:
    """Print both and return ours / peer."""
    peer, ours = [], []
    async with World(ground.bootstrap, ground.database(), ground.folder / "migrations") as world:
        for number in range(-1, ROUNDS):
            await _fill(world)
            messages = await _messages(world)
            ours.append(EVENTS / await _relay(world))
            peer.append(max([EVENTS / await _raw(ground, messages, size) for size in (16 * 1024, 768 * 1024)]))
            if number < 0:
                # Both have warmed up: connections, caches, the JVM.
                peer.clear()
                ours.clear()
                continue
            print(f"round {number + 1}: peer {peer[-1]:9.0f} events/s, relay {ours[-1]:9.0f} events/s")
    return Verdict(statistics.median(ours) / statistics.median(peer), "of raw aiokafka", TARGET)


async def _fill(world: World) -> None:
    for start in range(0, EVENTS, 1000):
        await world.publish([started(f"job-{number % KEYS}", number) for number in range(start, start + 1000)])


async def _messages(world: World) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    async with world.publisher.transaction() as tx:
        rows = await tx.fetch(
            "SELECT aggregateid, payload, headers FROM outbox WHERE published_at IS NULL ORDER BY seq"
        )
    return [
        (row["aggregateid"].encode(), row["payload"], [(name, text.encode()) for name, text in row["headers"].items()])
        for row in rows
    ]


async def _relay(world: World) -> float:
    began = time.perf_counter()
    async with world.relay():
        while await _some_left(world):  # noqa: ASYNC110  what is waited for is in the database
            await asyncio.sleep(0.01)
        return time.perf_counter() - began


async def _some_left(world: World) -> bool:
    # Cheap, so that looking does not slow down what is looked at.
    async with world.publisher.transaction() as tx:
        return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"))


async def _raw(ground: Ground, messages: list[tuple[bytes, bytes, list[tuple[str, bytes]]]], batch_bytes: int) -> float:
    async with AIOKafkaProducer(
        bootstrap_servers=ground.bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=batch_bytes,
    ) as producer:
        began = time.perf_counter()
        sent = [await producer.send(TOPIC, value, key=key, headers=headers) for key, value, headers in messages]
        await asyncio.gather(*sent)
        return time.perf_counter() - began
