"""The consumer runtime on a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from common import parked
from common.consumer import Consumers, Subscriptions
from common.errors import AwaitedError, NotFoundError, TransactionConflictError
from common.inbox import consumed_total
from dokpamo.grants.v1.events_pb2 import HoldPosted

from tests.builders.delivery import (
    QUICK,
    REASONS,
    TOPIC,
    JobStarted,
    World,
    apply,
    effects,
    eventually,
    in_order,
    started,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from common.consumer import Received
    from common.database import Transaction
    from common.parked import Parked


@pytest.fixture
def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> World:
    return World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations")


def settled(consumers: Consumers) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        try:
            return await consumers.pending() == 0
        except Exception:  # noqa: BLE001  not yet connected
            return False

    return check


async def items(world: World) -> list[Parked]:
    async with world.consumer.transaction() as tx:
        return await parked.list_parked(tx, limit=500, include_closed=True)


async def send_raw(
    world: World,
    value: bytes | None,
    headers: list[tuple[str, bytes]] | None = None,
    key: bytes | None = b"raw",
    times: int = 1,
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=world.settings.kafka_bootstrap) as producer:
        for _ in range(times):
            await producer.send_and_wait(TOPIC, value, key=key, headers=headers or [])


async def test_an_event_is_applied_once_and_in_the_order_of_its_key(world: World) -> None:
    async with world, world.relay(), world.consumers() as consumers:
        for number in range(30):
            await world.publish([started(key, number) for key in "abcdefg"])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        applied = await effects(world.consumer)
        assert len(applied) == len(set(applied)) == 210
        assert in_order(applied)


async def test_a_poison_message_is_parked_and_holds_up_nothing(world: World) -> None:
    async def refuse_13(event: Received[JobStarted], tx: Transaction) -> None:
        await apply(event, tx)
        if event.message.attempt == 13:
            raise ValueError("number is 13: unlucky")

    async with world, world.relay(), world.consumers(world.subscriptions(refuse_13)) as consumers:
        await world.publish([started("a", number) for number in range(40)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        assert await effects(world.consumer) == [("a", number) for number in range(40) if number != 13]
        (item,) = [item for item in await items(world) if item.code == "NUMBER_REFUSED"]
        assert item.reason == "number is 13: unlucky"
        assert started("a", 13).FromString(item.payload or b"").attempt == 13


async def test_a_transient_failure_is_tried_again_in_place_and_keeps_the_order(world: World) -> None:
    failures = iter(range(3))

    async def wait_for_another(event: Received[JobStarted], tx: Transaction) -> None:
        if event.message.attempt == 5 and next(failures, None) is not None:
            raise AwaitedError("the entitlement has not arrived")
        await apply(event, tx)

    async with world, world.relay(), world.consumers(world.subscriptions(wait_for_another)) as consumers:
        await world.publish([started("a", number) for number in range(20)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        assert await effects(world.consumer) == [("a", number) for number in range(20)]


async def test_a_partition_that_waits_holds_up_no_other_and_counts_as_pending(world: World) -> None:
    free = asyncio.Event()

    async def wait_for_a(event: Received[JobStarted], tx: Transaction) -> None:
        if event.key == "a" and not free.is_set():
            raise AwaitedError("not yet")
        await apply(event, tx)

    patient = replace(QUICK, patience=timedelta(minutes=1))
    async with world, world.relay(), world.consumers(world.subscriptions(wait_for_a), limits=patient) as consumers:
        await world.publish([started(key, 1) for key in "abcdefgh"])
        await eventually(world.outbox_empty)
        others = {("b", 1), ("c", 1), ("d", 1), ("e", 1), ("f", 1), ("g", 1), ("h", 1)}
        await eventually(lambda: _applied_at_least(world, 4))
        assert set(await effects(world.consumer)) <= others
        assert await consumers.pending() > 0
        free.set()
        await eventually(settled(consumers))
        assert len(await effects(world.consumer)) == 8


async def _applied_at_least(world: World, count: int) -> bool:
    return len(await effects(world.consumer)) >= count


async def test_a_transient_failure_without_end_is_given_up_and_parked(world: World) -> None:
    async def never(event: Received[JobStarted], _tx: Transaction) -> None:
        raise AwaitedError(f"{event.key} never comes")

    async with world, world.relay(), world.consumers(world.subscriptions(never)) as consumers:
        await world.publish([started("a", 1)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        (item,) = [item for item in await items(world) if item.code == "GIVEN_UP"]
        assert item.attempts == QUICK.attempts
        assert "a never comes" in item.reason


async def test_a_fault_of_the_program_is_tried_a_few_times_and_parked(world: World) -> None:
    async def broken(event: Received[JobStarted], _tx: Transaction) -> None:
        raise KeyError(event.key)

    async with world, world.relay(), world.consumers(world.subscriptions(broken)) as consumers:
        await world.publish([started("a", 1)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        assert [item.attempts for item in await items(world) if item.code == "UNEXPECTED"] == [2]


async def test_the_same_event_delivered_again_has_one_effect(world: World) -> None:
    async with world, world.relay(), world.consumers() as consumers:
        await world.publish([started("a", number) for number in range(5)])
        await eventually(world.outbox_empty)
        async with world.publisher.transaction() as tx:
            # As a relay that died between the broker's acknowledgement and its mark.
            await tx.execute("UPDATE outbox SET published_at = NULL, partition = NULL, kafka_offset = NULL")
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        assert await effects(world.consumer) == [("a", number) for number in range(5)]


@pytest.mark.parametrize(
    ("value", "headers", "key", "code"),
    [
        (b"\xff\xfe not an event", [], b"k", "HEADER_MISSING"),
        (b"99", [("ce_id", b"x"), ("ce_type", b"dokpamo.training.v1.Nothing")], b"k", "TYPE_UNKNOWN"),
        (b"", None, b"k", "PAYLOAD_EMPTY"),
        (None, None, b"k", "PAYLOAD_EMPTY"),
        (b"\xff\xff\xff", None, b"k", "PAYLOAD_UNDECODABLE"),
        (b"\x0a\x01a", None, None, "KEY_MISSING"),
        (b"\x0a\x01a", None, b"\xff\xfe", "KEY_INVALID"),
        (b"\x0a\x01a", [("ce_id", b"7")], b"k", "HEADER_INVALID"),
    ],
)
async def test_what_cannot_be_read_is_parked_whole(
    world: World, value: bytes | None, headers: list[tuple[str, bytes]] | None, key: bytes | None, code: str
) -> None:
    whole = {
        "ce_id": b"0190a7c4-0000-7000-8000-000000000001",
        "ce_type": b"dokpamo.training.v1.JobStarted",
        "ce_source": b"/elsewhere",
        "ce_time": b"2026-01-01T00:00:00+00:00",
        "odd": b"\xff\x00",
    }
    sent = [] if headers == [] else list((whole | dict(headers or [])).items())
    async with world, world.relay(world.consumer), world.consumers() as consumers:
        await eventually(settled(consumers))
        before = {item.id for item in await items(world)}
        await send_raw(world, value, sent, key)
        await eventually(settled(consumers))
        (item,) = [item for item in await items(world) if item.id not in before]
        assert (item.code, item.payload, item.key) == (code, value, key)
        assert [name for name, _ in item.headers] == [name for name, _ in sent]
        await eventually(lambda: world.outbox_empty(world.consumer))
        forwarded = await _read_all(world, f"{TOPIC}.parked")
        assert (value or b"") in [record.value for record in forwarded if _names(record, str(item.id))]


def _names(record: Any, parked_id: str) -> bool:
    return bool(dict(record.headers)["parked_id"].decode() == parked_id)


async def _read_all(world: World, topic: str) -> list[Any]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=world.settings.kafka_bootstrap, auto_offset_reset="earliest", group_id=None
    )
    async with consumer:
        found: list[Any] = []
        while batch := await consumer.getmany(timeout_ms=800):
            found += [record for records in batch.values() for record in records]
        return found


async def test_a_type_that_nobody_here_subscribes_to_is_skipped(world: World) -> None:
    async with world, world.relay(), world.consumers() as consumers:
        await send_raw(world, b"\xff\xff", [("ce_type", b"dokpamo.training.v1.JobSubmitted")])
        await eventually(settled(consumers))
        assert not [item for item in await items(world) if item.event_type.endswith("JobSubmitted")]


async def test_too_much_parked_stops_the_line_until_staff_looks(world: World) -> None:
    strict = replace(QUICK, parked=5)

    async def refuse(event: Received[JobStarted], tx: Transaction) -> None:
        if event.message.attempt < 8:
            raise ValueError("refused")
        await apply(event, tx)

    async with world, world.relay():
        subscriptions = world.subscriptions(refuse)
        async with world.consumers(subscriptions) as consumers:
            # What earlier tests left unreadable on the shared topic is not this test's.
            await eventually(settled(consumers))
        async with world.consumer.transaction() as tx:
            await tx.execute("DELETE FROM parked")
        async with world.consumers(subscriptions, limits=strict) as consumers:
            await world.publish([started("a", number) for number in range(10)])
            await eventually(lambda: _stopped(consumers))
            assert await consumers.pending() == 5
        async with world.consumers(subscriptions, limits=strict) as consumers:
            await eventually(lambda: _stopped(consumers))
            await asyncio.sleep(0.5)
            assert len(await items(world)) == 5
            async with world.consumer.transaction(actor="staff:kim") as tx:
                await parked.dismiss(tx, (await parked.list_parked(tx))[0].id, "looked at it")
            await eventually(settled(consumers))
            assert await effects(world.consumer) == [("a", 8), ("a", 9)]
            assert len(await items(world)) == 8


async def _stopped(consumers: Consumers) -> bool:
    return consumers.stopped


async def test_staff_redrives_or_dismisses_what_is_parked_once(world: World) -> None:
    repaired = False

    async def repairable(event: Received[JobStarted], tx: Transaction) -> None:
        await apply(event, tx)
        await tx.publish(_granted(event.key))
        if not repaired:
            raise ValueError("not repaired")

    subscriptions = world.subscriptions(repairable)
    async with world, world.relay(), world.consumers(subscriptions) as consumers:
        await world.publish([started("a", 1), started("a", 2)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        first, second = [item.id for item in reversed(await items(world)) if item.code == "NUMBER_REFUSED"]
        async with world.consumer.transaction(actor="staff:kim") as tx:
            refusal = await parked.redrive(tx, subscriptions, REASONS, first)
            assert refusal is not None
            assert refusal.code == "NUMBER_REFUSED"
            assert tx.outgoing == []
        assert await effects(world.consumer) == []
        repaired = True
        async with world.consumer.transaction(actor="staff:kim") as tx:
            assert await parked.redrive(tx, subscriptions, REASONS, first) is None
            await parked.dismiss(tx, second, "a duplicate of the first")
        assert await effects(world.consumer) == [("a", 1)]
        async with world.consumer.transaction() as tx:
            with pytest.raises(parked.AlreadyClosedError):
                await parked.redrive(tx, subscriptions, REASONS, first)
            with pytest.raises(NotFoundError):
                await parked.dismiss(tx, uuid4(), "nothing")
        closed = {item.id: (item.state, item.closed_by) for item in await items(world)}
        assert closed[first] == ("redriven", "staff:kim")
        assert closed[second] == ("dismissed", "staff:kim")


async def test_a_redrive_that_gives_way_to_another_transaction_changes_nothing(world: World) -> None:
    broken = True

    async def repairable(event: Received[JobStarted], tx: Transaction) -> None:
        if broken:
            raise ValueError("not repaired")
        await apply(event, tx)
        await tx.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$")

    subscriptions = world.subscriptions(repairable)
    async with world, world.relay(), world.consumers(subscriptions) as consumers:
        await world.publish([started("a", 1)])
        await eventually(world.outbox_empty)
        await eventually(settled(consumers))
        (item,) = [item for item in await items(world) if item.code == "NUMBER_REFUSED"]
        broken = False
        with pytest.raises(TransactionConflictError):
            async with world.consumer.transaction(actor="staff:kim") as tx:
                await parked.redrive(tx, subscriptions, REASONS, item.id)
        assert item in await items(world)
        assert await effects(world.consumer) == []


def _granted(key: str) -> HoldPosted:
    return HoldPosted(job_id=key, team_id="team", gpu_seconds=1)


async def test_every_message_of_a_topic_reaches_who_wants_all_of_them_once(world: World) -> None:
    seen: list[tuple[str, bytes]] = []

    async def log_them(events: Sequence[Received[None]], tx: Transaction) -> None:
        for event in events:
            seen.append((event.type, event.payload))
            await tx.execute("INSERT INTO effect (event_id, key, number) VALUES ($1, $2, $3)", event.id, event.key, 0)

    subscriptions = Subscriptions("grants")
    subscriptions.every([TOPIC], log_them)
    async with world, world.relay():
        marker = f"not an event {id(world)}".encode()
        await send_raw(world, marker, [], key=None)
        await world.publish([started("a", 1)])
        await eventually(world.outbox_empty)
        for _ in range(2):
            async with world.consumers(subscriptions) as consumers:
                await eventually(settled(consumers))
                assert not [item for item in await items(world) if item.topic == TOPIC]
        assert [payload for _, payload in seen].count(marker) == 1
        async with world.consumer.transaction() as tx:
            assert await tx.fetchval("SELECT count(*) FROM effect") == len(seen) == await consumed_total(tx)


async def test_one_refused_message_among_many_that_came_together_is_parked_and_the_others_are_done(
    world: World,
) -> None:
    async def refuse_the_fifth(events: Sequence[Received[None]], tx: Transaction) -> None:
        ours = [event for event in events if world.team.encode() in event.payload]
        for message in (JobStarted.FromString(event.payload) for event in ours):
            if message.attempt == 5:
                raise ValueError("number is 5")
            await tx.execute(
                "INSERT INTO effect (event_id, key, number) VALUES ($1, 'a', $2)", uuid4(), message.attempt
            )

    subscriptions = Subscriptions("grants")
    subscriptions.every([TOPIC], refuse_the_fifth)
    async with world, world.relay():
        await world.publish([started("a", number) for number in range(1, 10)])
        await eventually(world.outbox_empty)
        async with world.consumers(subscriptions) as consumers:
            await eventually(settled(consumers))
            (item,) = [item for item in await items(world) if item.code == "NUMBER_REFUSED"]
            assert JobStarted.FromString(item.payload or b"").attempt == 5
            assert await effects(world.consumer) == [("a", number) for number in range(1, 10) if number != 5]


async def test_a_second_member_of_the_group_shares_the_work_and_nothing_is_done_twice(world: World) -> None:
    async with world, world.relay(), world.consumers() as first:
        await world.publish([started(key, number) for number in range(50) for key in "abcdef"])
        async with world.consumers() as second:
            await world.publish([started(key, number) for number in range(50, 100) for key in "abcdef"])
            await eventually(world.outbox_empty)
            await eventually(settled(first))
            await eventually(settled(second))
        await world.publish([started(key, number) for number in range(100, 120) for key in "abcdef"])
        await eventually(world.outbox_empty)
        await eventually(settled(first))
        applied = await effects(world.consumer)
        assert len(applied) == len(set(applied)) == 720
        assert in_order(applied)
