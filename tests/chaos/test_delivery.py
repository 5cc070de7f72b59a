"""Seeded faults under a stream of events: nothing lost, nothing twice, order per key kept, the outbox empties.

The seeds are printed. `DOKPAMO_CHAOS_SEED=7` repeats one, `DOKPAMO_CHAOS_SEEDS=200` runs that many.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from common.consumer import Limits
from common.errors import DatabaseUnavailableError
from common.outbox import Relay

from tests.builders.delivery import JobStarted, World, apply, effects, eventually, in_order, started

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

KEYS = "abcdefg"
ROOT = Path(__file__).parents[2]


def seeds() -> list[int]:
    if one := os.environ.get("DOKPAMO_CHAOS_SEED"):
        return [int(one)]
    return list(range(1, 1 + int(os.environ.get("DOKPAMO_CHAOS_SEEDS", "2"))))


@pytest.fixture
def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> World:
    return World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Leave no garbage of these tests to others, where its warnings would be errors."""
    yield
    gc.collect()


class Stream:
    """Says events while faults happen, and knows which of them were acknowledged."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._numbers = dict.fromkeys(KEYS, 0)
        self.acknowledged: set[tuple[str, int]] = set()
        self.unknown: set[tuple[str, int]] = set()

    async def say(self, transactions: int) -> None:
        for _ in range(transactions):
            events = []
            for key in self._chance.sample(KEYS, self._chance.randint(1, len(KEYS))):
                self._numbers[key] += 1
                events.append((key, self._numbers[key]))
            try:
                await self._world.publish([started(key, number) for key, number in events])
            except DatabaseUnavailableError:
                # The commit may or may not have happened.
                self.unknown |= set(events)
                await asyncio.sleep(0.1)
            else:
                self.acknowledged |= set(events)
            await asyncio.sleep(self._chance.uniform(0, 0.01))


async def settle(world: World, stream: Stream, seconds: float = 120.0) -> None:
    """Wait until all that was acknowledged is applied, and check the invariants."""

    async def all_applied() -> bool:
        with suppress(DatabaseUnavailableError):
            return await world.outbox_empty() and stream.acknowledged <= set(await effects(world.consumer))
        return False

    await eventually(all_applied, seconds)
    applied = await effects(world.consumer)
    assert len(applied) == len(set(applied)), "an effect happened twice"
    assert set(applied) <= stream.acknowledged | stream.unknown, "an effect of what was never said"
    assert in_order(applied), "the order of a key was broken"
    async with world.consumer.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM parked WHERE event_type LIKE '%JobStarted' AND code <> ''") == 0
        assert await tx.fetchval("SELECT count(*) FROM effect") == await tx.fetchval(
            "SELECT count(*) FROM inbox JOIN effect USING (event_id)"
        )


@pytest.mark.parametrize("seed", seeds())
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
                world.since.isoformat(),
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


@pytest.mark.parametrize("seed", seeds())
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


@pytest.mark.parametrize("seed", seeds()[:1])
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


@pytest.mark.parametrize("seed", seeds()[:1])
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


@pytest.mark.parametrize("seed", seeds()[:1])
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
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            await asyncio.to_thread(postgres.start)
        await saying
        await settle(world, stream)


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
