"""The outbox and its relay on a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from common.gauges import Gauges
from common.outbox import LARGEST_EVENT_BYTES, EventTooLargeError, Relay, published_total
from prometheus_client import REGISTRY

from tests.builders.delivery import World, eventually, platform, started

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.single import SinglePart


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
    reason, key = started("a", 1), started("a" * (LARGEST_EVENT_BYTES // 2), 1)
    reason.reason = "r" * LARGEST_EVENT_BYTES
    async with world, world.publisher.transaction() as tx:
        for too_large in (reason, key):
            with pytest.raises(EventTooLargeError):
                await tx.publish(too_large)


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
            # Waiting for its turn is being ready.
            assert await eventually(second.ready)
            assert await first.ready()
            await first.__aexit__(None, None, None)
            await eventually(lambda: _leads(second))
            await world.publish([started("a", number) for number in range(10, 20)])
            await eventually(world.outbox_empty)


async def test_a_relay_is_ready_only_while_a_broker_answers(world: World, kafka: SinglePart) -> None:
    async with world:
        async with Relay(platform(["127.0.0.1:1"]), world.publisher) as nowhere:
            await asyncio.sleep(0.5)
            assert not await nowhere.ready()
        async with world.relay() as relay:
            await eventually(relay.ready)
            kafka.pause()
            try:
                assert relay.leads
                assert not await relay.ready()
            finally:
                kafka.resume()
            await eventually(relay.ready)


async def test_a_relay_whose_mark_gives_way_to_another_transaction_goes_on(world: World) -> None:
    async with world:
        async with world.publisher.transaction() as tx:
            # As PostgreSQL answers one of two that wait for each other, the first time.
            await tx.execute(
                "CREATE SEQUENCE tries; "
                "CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF nextval('tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF; "
                "RETURN NEW; END $$; "
                "CREATE TRIGGER give_way BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION give_way()"
            )
        await world.publish([started("a", 1)])
        async with world.relay() as relay:
            await eventually(world.outbox_empty)
            assert relay.died is not None
            assert not relay.died.done()
        async with world.publisher.transaction() as tx:
            assert await tx.fetchval("SELECT last_value FROM tries") > 1


async def test_the_largest_event_is_published(world: World) -> None:
    largest = started("a", 2)
    largest.reason = "r" * (LARGEST_EVENT_BYTES - 1000)
    async with world, world.relay():
        await world.publish([started("a", 1), largest, started("a", 3)])
        await eventually(world.outbox_empty)


async def test_the_gauges_say_what_the_tables_say(world: World) -> None:
    async with world:
        await world.publish([started("a", 1), started("b", 1)])
        async with world.publisher.transaction() as tx:
            await tx.processes.start("stage", "1", "open", owner="staff", deadline=tx.now - timedelta(hours=1))
        async with Gauges(world.publisher, every_seconds=0.05):
            await eventually(lambda: _shown("dokpamo_outbox_pending", 2))
            assert (_value("dokpamo_outbox_oldest_seconds") or 0) > 0
            assert _value("dokpamo_processes_overdue", kind="stage") == 1
            before = _value("dokpamo_relay_delay_seconds_count") or 0
            async with world.relay():
                await eventually(world.outbox_empty)
            await eventually(lambda: _shown("dokpamo_outbox_pending", 0))
            assert _value("dokpamo_outbox_oldest_seconds") == 0
            assert _value("dokpamo_relay_delay_seconds_count") == before + 2


async def _shown(name: str, value: float) -> bool:
    return _value(name) == value


def _value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def _leads(relay: object) -> bool:
    return bool(getattr(relay, "leads", False))
