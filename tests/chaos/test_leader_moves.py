"""A partition's leader dies in the stream of events, in a cluster of three brokers. Long: `-m on_demand` asks for it.

The seeds are printed. `DOKPAMO_CHAOS_SEED=7` repeats one, `DOKPAMO_CHAOS_SEEDS=200` runs that many.
"""

from __future__ import annotations

import asyncio
import gc
import random
from typing import TYPE_CHECKING

import pytest
from common.consumer import Limits

from tests.builders.delivery import TOPIC, World, eventually
from tests.builders.delivery_cluster import BROKERS, Cluster
from tests.builders.delivery_stream import Stream, chaos_seeds, settled_twice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.on_demand,
    pytest.mark.timeout(600),
    # A client whose broker is killed leaves sockets to the garbage collector, which warns: see `collected`.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Leave no garbage of these tests to others, where its warnings would be errors."""
    yield
    gc.collect()


@pytest.mark.parametrize("seed", chaos_seeds(1))
async def test_a_killed_leader_delays_and_nothing_more(fresh_database_url: str, tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with Cluster(tmp_path / "kafka") as cluster:
        world = World(cluster.bootstrap, fresh_database_url, tmp_path / "migrations", replication=BROKERS)
        async with world, world.relay(), world.consumers(limits=Limits()):
            stream = Stream(world, chance)
            saying = asyncio.create_task(stream.say(500))
            for _ in range(2):
                await asyncio.sleep(chance.uniform(0.5, 2.0))
                await _kill_a_leader(cluster, world, chance.randrange(world.settings.topic_partitions))
            await saying
            await settled_twice(world, stream)


async def _kill_a_leader(cluster: Cluster, world: World, partition: int) -> None:
    """Kill the leader of `partition`; start it again once the stream goes on without it."""
    leader = await eventually(lambda: _leader(cluster, partition), 60.0)
    print(f"kill node {leader}, the leader of partition {partition}")
    await asyncio.to_thread(cluster.broker(leader).kill)
    await eventually(lambda: _leader(cluster, partition, other_than=leader), 60.0)
    # Two of three are enough.
    await eventually(world.outbox_empty, 60.0)
    await asyncio.to_thread(cluster.broker(leader).start)
    await eventually(lambda: _all_in_sync(cluster), 60.0)


async def _leader(cluster: Cluster, partition: int, other_than: int = -1) -> int | None:
    leader = await cluster.leader(TOPIC, partition)
    return None if leader in {-1, other_than} else leader


async def _all_in_sync(cluster: Cluster) -> bool:
    return await cluster.in_sync(TOPIC) == BROKERS
