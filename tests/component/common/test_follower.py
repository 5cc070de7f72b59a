"""A follower's projection on a real Kafka: rebuilt from the beginning at each start, and equal to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from common.follower import Follower

from tests.builders.delivery import TOPIC, JobStarted, World, eventually, in_order, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.consumer import Received


@pytest.fixture
async def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations") as world:
        yield world


class Projection:
    """What was seen since the test began, in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seen: list[tuple[str, int]] = []

    async def show(self, event: Received[Any]) -> None:
        if isinstance(event.message, JobStarted) and event.message.team_id == self._world.team:
            self.seen.append((event.key, event.message.attempt))
            if event.message.attempt == 3:
                raise ValueError("a page that cannot show 3")


async def test_a_projection_rebuilt_from_the_beginning_equals_itself(world: World) -> None:
    async with world.relay():
        await world.publish([started(key, number) for number in range(10) for key in "abc"])
        await eventually(world.outbox_empty)
        first = Projection(world)
        async with Follower(world.settings.kafka_bootstrap, [TOPIC], first.show) as follower:
            await eventually(lambda: _caught_up(follower))
            assert len(first.seen) == 30
            await world.publish([started("a", number) for number in range(10, 15)])
            await eventually(lambda: _seen(first, 35))
        again = Projection(world)
        async with Follower(world.settings.kafka_bootstrap, [TOPIC], again.show) as follower:
            await eventually(lambda: _caught_up(follower))
    assert sorted(again.seen) == sorted(first.seen)
    assert in_order(again.seen)
    assert in_order(first.seen)


async def test_an_event_that_the_relay_sent_twice_is_seen_once(world: World) -> None:
    async with world.relay():
        await world.publish([started("a", number) for number in range(5)])
        await eventually(world.outbox_empty)
        async with world.publisher.transaction() as tx:
            await tx.execute("UPDATE outbox SET published_at = NULL, partition = NULL, kafka_offset = NULL")
        await eventually(world.outbox_empty)
    projection = Projection(world)
    async with Follower(world.settings.kafka_bootstrap, [TOPIC], projection.show) as follower:
        await eventually(lambda: _caught_up(follower))
    assert projection.seen == [("a", number) for number in range(5)]


async def _caught_up(follower: Follower) -> bool:
    return follower.caught_up.is_set()


async def _seen(projection: Projection, count: int) -> bool:
    return len(projection.seen) >= count
