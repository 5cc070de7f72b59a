"""The outbox and its relay on a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from common.outbox import LARGEST_PAYLOAD_BYTES, EventTooLargeError, published_total

from tests.builders.delivery import World, eventually, started

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> World:
    return World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations")


async def test_what_a_transaction_says_is_published_when_it_commits(world: World) -> None:
    async with world:
        await world.publish([started("a", 1), started("b", 1)])
        async with world.relay():
            await eventually(world.outbox_empty)
        async with world.publisher.transaction() as tx:
            rows = await tx.fetch("SELECT * FROM outbox ORDER BY seq")
            assert [row["aggregateid"] for row in rows] == ["a", "b"]
            assert all(row["kafka_offset"] is not None and row["partition"] in {0, 1, 2} for row in rows)
            assert await published_total(tx) == 2


async def test_what_a_rolled_back_transaction_says_is_never_published(world: World) -> None:
    async with world:
        with pytest.raises(RuntimeError):
            await _say_and_fail(world)
        async with world.publisher.transaction() as tx:
            assert await tx.fetchval("SELECT count(*) FROM outbox") == 0


async def _say_and_fail(world: World) -> None:
    async with world.publisher.transaction() as tx:
        await tx.publish(started("a", 1))
        raise RuntimeError


async def test_an_event_that_the_broker_would_not_take_is_refused_where_it_is_raised(world: World) -> None:
    async with world, world.publisher.transaction() as tx:
        with pytest.raises(EventTooLargeError):
            await tx.publish(started("a" * LARGEST_PAYLOAD_BYTES, 1))


async def test_numbers_are_in_the_order_of_commit(world: World) -> None:
    async with world:
        early = asyncio.Event()
        late = asyncio.Event()

        async def first_to_say_last_to_commit() -> None:
            async with world.publisher.transaction() as tx:
                await tx.publish(started("a", 1))
                early.set()
                await late.wait()

        async def last_to_say_first_to_commit() -> None:
            await early.wait()
            await world.publish([started("a", 2)])
            late.set()

        await asyncio.gather(first_to_say_last_to_commit(), last_to_say_first_to_commit())
        async with world.publisher.transaction() as tx:
            payloads = await tx.fetch("SELECT payload FROM outbox ORDER BY seq")
        assert [type(started("a", 1)).FromString(row["payload"]).attempt for row in payloads] == [2, 1]


async def test_one_relay_leads_and_the_next_takes_over(world: World) -> None:
    async with world, world.relay() as first:
        await eventually(lambda: _leads(first))
        async with world.relay() as second:
            await world.publish([started("a", number) for number in range(10)])
            await eventually(world.outbox_empty)
            assert not second.leads
            await first.__aexit__(None, None, None)
            await eventually(lambda: _leads(second))
            await world.publish([started("a", number) for number in range(10, 20)])
            await eventually(world.outbox_empty)


async def _leads(relay: object) -> bool:
    return bool(getattr(relay, "leads", False))
