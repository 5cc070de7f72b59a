"""Every way in which PostgreSQL goes away, at every message of its protocol: an outage, and never a fault of ours."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from common.clock import FixedClock, SystemClock
from common.database import Database
from common.errors import DatabaseUnavailableError

from tests.builders.delivery import (
    QUICK,
    JobStarted,
    World,
    apply,
    effects,
    eventually,
    in_order,
    migrations,
    started,
)
from tests.builders.wire import Break, Fault, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.consumer import Received
    from common.database import Transaction

NOW = datetime(2025, 7, 21, 7, 0, tzinfo=UTC)


@pytest.fixture
async def wire(fresh_database_url: str) -> AsyncIterator[Wire]:
    async with Wire(fresh_database_url) as wire:
        yield wire


def opened(url: str, folder: Path, **limits: float) -> Database:
    return Database(url, "training", migrations(folder), FixedClock(NOW), **limits)  # type: ignore[arg-type]  # all limits are floats


async def say(database: Database, number: int) -> None:
    """As a service's transaction does: read, change, say."""
    async with database.transaction() as tx:
        await tx.fetchval("SELECT count(*) FROM effect")
        await tx.execute("INSERT INTO effect (event_id, key, number) VALUES (gen_random_uuid(), $1, $2)", "a", number)
        await tx.publish(started("a", number))


async def said(database: Database) -> tuple[set[int], set[int]]:
    async with database.transaction(readonly=True) as tx:
        effects = {row["number"] for row in await tx.fetch("SELECT number FROM effect")}
        payloads = await tx.fetch("SELECT payload FROM outbox")
    return effects, {started("a", 0).FromString(row["payload"]).attempt for row in payloads}


@pytest.mark.parametrize("how", Break)
async def test_a_server_that_goes_away_at_any_message_is_an_outage(wire: Wire, tmp_path: Path, how: Break) -> None:
    done: set[int] = set()
    unknown: set[int] = set()
    numbers = itertools.count()
    async with opened(wire.url, tmp_path / "m", acquire_wait_seconds=20.0) as database:

        async def try_it() -> bool:
            number = next(numbers)
            try:
                await say(database, number)
            except DatabaseUnavailableError:
                unknown.add(number)
                return False
            done.add(number)
            return True

        # From a new connection's first message to the last of the commit.
        for after in range(0, 200, 1 if how is Break.RESET else 3):
            wire.cut()
            wire.arm(Fault(after, how))
            # The first try may meet the cut before the pool has seen it.
            if not await try_it() and wire.armed:
                await try_it()
            if wire.disarm():
                break
        effects, events = await said(database)
    assert after > 30
    assert effects == events
    assert done <= effects <= done | unknown


@pytest.mark.parametrize("how", [Break.RESET, Break.SHUTDOWN])
async def test_a_start_that_is_broken_at_any_message_goes_on(wire: Wire, tmp_path: Path, how: Break) -> None:
    for after in range(0, 400, 7):
        wire.arm(Fault(after, how))
        async with opened(wire.url, tmp_path / "m") as database:
            ended = wire.disarm()
            assert await database.ready()
        if ended:
            break
    assert ended
    assert after > 30


async def test_who_is_cancelled_while_the_database_goes_away_ends_as_cancelled(wire: Wire, tmp_path: Path) -> None:
    async with opened(wire.url, tmp_path / "m", acquire_wait_seconds=20.0) as database:

        async def waits() -> None:
            async with database.transaction() as tx:
                await tx.execute("SELECT pg_sleep(30)")

        for refused in (0, 1, 1000):
            wire.cut()
            waiting = asyncio.create_task(waits())
            await eventually(lambda: _sleeping(database))
            waiting.cancel()
            await asyncio.sleep(0)
            wire.cut(refused)
            await asyncio.wait({waiting}, timeout=15)
            assert waiting.cancelled(), f"{waiting} after {refused} refused connections"
            wire.cut()
        assert await database.ready()


async def _sleeping(database: Database) -> bool:
    with suppress(DatabaseUnavailableError):
        async with database.transaction() as tx:
            return bool(
                await tx.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' "
                    "AND datname = current_database()"
                )
            )
    return False


async def test_who_is_cancelled_while_the_database_hangs_ends_soon_and_as_cancelled(wire: Wire, tmp_path: Path) -> None:
    async with opened(wire.url, tmp_path / "m", acquire_wait_seconds=20.0) as database:
        entered = asyncio.Event()

        async def waits() -> None:
            async with database.transaction() as tx:
                entered.set()
                await tx.fetchval("SELECT 1")
                await asyncio.Event().wait()

        waiting = asyncio.create_task(waits())
        await entered.wait()
        wire.hang()
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=15)
        assert waiting.cancelled()
        wire.flow()
        assert await database.ready()


async def test_what_a_block_raises_is_not_hidden_by_a_rollback_that_fails(wire: Wire, tmp_path: Path) -> None:
    async with opened(wire.url, tmp_path / "m") as database:

        async def fails() -> None:
            async with database.transaction() as tx:
                await tx.fetchval("SELECT 1")
                wire.cut()
                raise KeyError

        # Nothing of it happened, and it may be tried again.
        with pytest.raises(DatabaseUnavailableError):
            await fails()


async def test_a_part_that_has_stopped_is_an_outage(wire: Wire, tmp_path: Path) -> None:
    database = opened(wire.url, tmp_path / "m")
    async with database:
        pass
    with pytest.raises(DatabaseUnavailableError):
        async with database.transaction():
            pass


async def test_partitions_taken_away_while_the_database_is_away_are_let_go(
    wire: Wire, kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path
) -> None:
    world = World(kafka_bootstrap, fresh_database_url, tmp_path / "m")
    world.consumer = Database(wire.url, "grants", world.folder, SystemClock())
    entered, let_go = asyncio.Event(), asyncio.Event()

    async def waits_once(event: Received[JobStarted], tx: Transaction) -> None:
        if not entered.is_set():
            entered.set()
            try:
                await tx.execute("SELECT pg_sleep(60)")
            finally:
                let_go.set()
        await apply(event, tx)

    # A single failure that is charged to an event would park it.
    strict = replace(QUICK, attempts=1, unexpected_attempts=1)
    async with world, world.relay(), world.consumers(world.subscriptions(waits_once), limits=strict):
        await world.publish([started(key, 1) for key in "abcdefgh"])
        await entered.wait()
        wire.hang()
        async with world.consumers(limits=strict):
            await let_go.wait()
            wire.cut(refused=3)
            wire.flow()
            await world.publish([started(key, 2) for key in "abcdefgh"])
            await eventually(lambda: _applied(world, 16), 60.0)
    async with Database(fresh_database_url, "grants", world.folder, SystemClock()) as database:
        applied = await effects(database)
        assert len(applied) == len(set(applied)) == 16
        assert in_order(applied)
        async with database.transaction() as tx:
            assert await tx.fetchval("SELECT count(*) FROM parked WHERE event_type LIKE '%JobStarted'") == 0


async def _applied(world: World, count: int) -> bool:
    with suppress(DatabaseUnavailableError):
        return len(await effects(world.consumer)) >= count
    return False
