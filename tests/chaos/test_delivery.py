"""Seeded faults under a stream of events: nothing lost, nothing twice, order per key kept, the outbox empties.

The seeds are printed. `DOKPAMO_CHAOS_SEED=7` repeats one, `DOKPAMO_CHAOS_SEEDS=200` runs that many.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from common.consumer import Limits
from common.outbox import Relay

from tests.builders.delivery import JobStarted, World, apply, eventually
from tests.builders.delivery_stream import Stream, chaos_seeds, settle, settled_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.stack.single import SinglePart
    from common.consumer import Received
    from common.database import Transaction
    from common.outbox.sending import Published

pytestmark = [
    pytest.mark.timeout(300),
    # A client whose broker is killed or hangs leaves sockets to the garbage collector, which warns: see `collected`.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> World:
    return World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Leave no garbage of these tests to others, where its warnings would be errors."""
    yield
    gc.collect()


@pytest.mark.parametrize("seed", chaos_seeds())
async def test_a_service_killed_at_any_moment_loses_nothing_and_repeats_nothing(world: World, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with world:
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(250))
        for _ in range(4):
            host = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.builders.delivery_host",
                ",".join(world.settings.kafka_bootstrap),
                world.url,
                str(world.folder),
                world.team,
                cwd=ROOT,
                stdout=asyncio.subprocess.DEVNULL,
            )
            # Start-up takes about a second: kills fall into joining, catching up and the steady stream alike.
            await asyncio.sleep(chance.uniform(0.9, 3.0))
            host.kill()
            await host.wait()
        await saying
        async with world.relay(), world.consumers(limits=Limits()):
            await settle(world, stream)


@pytest.mark.parametrize("seed", chaos_seeds())
async def test_parts_cancelled_at_any_await_lose_nothing_and_repeat_nothing(world: World, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def slow_now_and_then(event: Received[JobStarted], tx: Transaction) -> None:
        await apply(event, tx)
        if chance.random() < 0.05:
            await asyncio.sleep(chance.uniform(0, 0.02))

    async with world:
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(200))
        while not saying.done():
            async with world.relay(), world.consumers(world.subscriptions(slow_now_and_then), limits=Limits()):
                await asyncio.sleep(chance.uniform(0.05, 0.8))
        async with world.relay(), world.consumers(limits=Limits()):
            await settle(world, stream)


@pytest.mark.parametrize("seed", chaos_seeds(1))
async def test_a_killed_broker_delays_and_nothing_more(world: World, kafka: SinglePart, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with world, world.relay(), world.consumers(limits=Limits()):
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(300))
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        kafka.kill()
        await asyncio.sleep(chance.uniform(0.0, 3.0))
        await asyncio.to_thread(kafka.start)
        await saying
        await settle(world, stream)
        await stream.say(20)
        await settle(world, stream)


@pytest.mark.parametrize("seed", chaos_seeds(1))
async def test_a_broker_that_hangs_delays_and_nothing_more(world: World, kafka: SinglePart, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with world, world.relay(), world.consumers(limits=Limits()):
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(200))
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        kafka.pause()
        try:
            await asyncio.sleep(chance.uniform(1.0, 4.0))
        finally:
            kafka.resume()
        await saying
        await settle(world, stream)


@pytest.mark.parametrize("seed", chaos_seeds(1))
async def test_a_killed_database_delays_and_nothing_more(world: World, postgres: SinglePart, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    # So strict that a single absence charged to a message would park it.
    strict = Limits(attempts=1, unexpected_attempts=1, patience=Limits().patience * 0)
    async with world, world.relay(), world.consumers(limits=strict):
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(300))
        for _ in range(2):
            await asyncio.sleep(chance.uniform(0.3, 1.0))
            postgres.kill()
            starting = asyncio.create_task(_start_after(postgres, chance.uniform(0.0, 2.0)))
            if chance.random() < 0.5:
                # Partitions change hands meanwhile: what is under way must let go, not try for ever.
                async with world.consumers(limits=strict) as other:
                    await eventually(other.ready, 30.0)
            await starting
        await saying
        await settle(world, stream)


async def _start_after(part: SinglePart, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await asyncio.to_thread(part.start)


@pytest.mark.parametrize("seed", chaos_seeds())
async def test_events_published_twice_have_one_effect_and_read_again_come_to_the_same(world: World, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with world, world.relay(), world.consumers(limits=Limits()):
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(150))
        repeated = 0
        while not saying.done():
            await asyncio.sleep(chance.uniform(0.02, 0.2))
            repeated += await _publish_again(world, chance)
        await saying
        repeated += await _publish_again(world, chance)
        await settled_twice(world, stream)
    assert repeated > 0


async def _publish_again(world: World, chance: random.Random) -> int:
    """Forget that some rows in a row were published, as a relay does that dies before its mark; return how many."""
    async with world.publisher.transaction() as tx:
        published = await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL")
        first = chance.randint(0, published)
        return int(
            await tx.fetchval(
                "WITH again AS (UPDATE outbox SET published_at = NULL, partition = NULL, kafka_offset = NULL "
                "WHERE published_at IS NOT NULL AND seq BETWEEN $1 AND $2 RETURNING 1) SELECT count(*) FROM again",
                first,
                first + chance.randint(0, 50),
            )
        )


@pytest.mark.parametrize("seed", chaos_seeds(1))
async def test_a_handler_slower_than_the_poll_interval_keeps_its_partitions(world: World, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    limits = Limits(poll_interval=timedelta(seconds=1))
    tries: list[tuple[str, int]] = []

    async def slow_at_times(event: Received[JobStarted], tx: Transaction) -> None:
        await apply(event, tx)
        if (event.key, event.message.attempt) in slow:
            tries.append((event.key, event.message.attempt))
            await asyncio.sleep(2.5)

    async with world, world.relay():
        stream = Stream(world, chance)
        await stream.say(100)
        slow = set(chance.sample(sorted(stream.acknowledged), 2))
        # More behind them than is kept in memory, so that the broker is asked for nothing from that partition.
        await stream.say_much("a", 5000)
        await eventually(world.outbox_empty, 60.0)
        async with world.consumers(world.subscriptions(slow_at_times), limits=limits):
            await settled_twice(world, stream)
    # Taken away half-way, they would have been tried again.
    assert sorted(tries) == sorted(slow)


class DiesBeforeItsMark(Relay):
    """A relay that ends between the broker's acknowledgement and its mark."""

    def __init__(self, world: World) -> None:
        super().__init__(world.settings, world.publisher)
        self.sent = asyncio.Event()

    async def _mark(self, published: list[Published]) -> None:
        if published:
            self.sent.set()
            await asyncio.Event().wait()


async def test_a_relay_that_dies_before_its_mark_repeats_and_loses_nothing(world: World) -> None:
    async with world:
        stream = Stream(world, random.Random(0))
        await stream.say(30)
        async with DiesBeforeItsMark(world) as dying:
            await dying.sent.wait()
        assert not await world.outbox_empty()
        async with world.relay(), world.consumers(limits=Limits()) as consumers:
            await settle(world, stream)
            await eventually(lambda: _none_pending(consumers))
            async with world.consumer.transaction() as tx:
                assert await tx.fetchval("SELECT count(*) FROM effect") == len(stream.acknowledged)


async def _none_pending(consumers: object) -> bool:
    pending: int = await consumers.pending()  # type: ignore[attr-defined]  # handed in by the test above
    return pending == 0
