"""A stream of events under faults, and what must hold of it afterwards."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from common.consumer import Limits, NotConsumingError
from common.database import Database
from common.errors import DatabaseUnavailableError
from common.follower import Follower

from tests.builders.delivery import TOPIC, JobStarted, apply, effects, eventually, in_order, started

if TYPE_CHECKING:
    import random

    from common.consumer import Received

    from tests.builders.delivery import World

KEYS = "abcdefg"


def chaos_seeds(usual: int = 2) -> list[int]:
    """Return the seeds of this run: `usual`, `DOKPAMO_CHAOS_SEEDS` of them, or the one of `DOKPAMO_CHAOS_SEED`."""
    if one := os.environ.get("DOKPAMO_CHAOS_SEED"):
        return [int(one)]
    return list(range(1, 1 + int(os.environ.get("DOKPAMO_CHAOS_SEEDS", usual))))


class Stream:
    """Says events while faults happen, and knows which of them were acknowledged."""

    def __init__(self, world: World, chance: random.Random) -> None:
        """Publish by `world`; `chance` says what and when."""
        self._world = world
        self._chance = chance
        self._numbers = dict.fromkeys(KEYS, 0)
        self.acknowledged: set[tuple[str, int]] = set()
        self.unknown: set[tuple[str, int]] = set()

    async def say(self, transactions: int) -> None:
        """Publish a few events in each of so many `transactions`, with short pauses."""
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

    async def say_much(self, key: str, events: int) -> None:
        """Publish so many `events` of one `key` in one transaction."""
        first = self._numbers[key] + 1
        self._numbers[key] += events
        numbers = range(first, first + events)
        await self._world.publish([started(key, number) for number in numbers])
        self.acknowledged |= {(key, number) for number in numbers}


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
        parked = await tx.fetch("SELECT code, reason FROM parked WHERE event_type LIKE '%JobStarted'")
        assert [tuple(row) for row in parked] == []
        assert await tx.fetchval("SELECT count(*) FROM effect") == await tx.fetchval(
            "SELECT count(*) FROM inbox JOIN effect USING (event_id)"
        )


async def settled_twice(world: World, stream: Stream) -> None:
    """Wait as `settle`, then read everything again from offset 0: in a table and in memory it comes to the same."""
    await settle(world, stream)
    first = by_key(await effects(world.consumer))
    assert by_key(await _in_a_table(world, len(stream.acknowledged))) == first
    assert by_key(await _in_memory(world)) == first


def by_key(applied: list[tuple[str, int]]) -> dict[str, list[int]]:
    """Return the numbers of each key in their order: between keys there is none."""
    found: dict[str, list[int]] = {}
    for key, number in applied:
        found.setdefault(key, []).append(number)
    return found


async def _in_a_table(world: World, at_least: int) -> list[tuple[str, int]]:
    # A name that was never a member: its group begins where the topic does.
    service = f"again_{secrets.token_hex(4)}"
    async with (
        Database(world.url, service, world.folder, world.clock) as database,
        world.consumers(world.subscriptions(apply, service), limits=Limits(), database=database) as consumers,
    ):

        async def all_there() -> bool:
            with suppress(NotConsumingError):
                return len(await effects(database)) >= at_least and await consumers.pending() == 0
            return False

        await eventually(all_there, 60.0)
        return await effects(database)


async def _in_memory(world: World) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []

    async def show(event: Received[Any]) -> None:
        if isinstance(event.message, JobStarted) and event.message.team_id == world.team:
            seen.append((event.key, event.message.attempt))

    async with Follower(world.settings.kafka_bootstrap, [TOPIC], show) as follower, asyncio.timeout(60):
        await follower.caught_up.wait()
    return seen
