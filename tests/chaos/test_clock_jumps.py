"""A virtual clock that jumps while timers, tasks and events are under way: each fires once, none early, none lost.

The seeds are printed. `DOKPAMO_CHAOS_SEED=7` repeats one, `DOKPAMO_CHAOS_SEEDS=200` runs that many.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from common.clock import VirtualClock, VirtualClockFile
from common.consumer import Limits
from common.timers import Timers
from common.worker import Worker

from tests.builders.delivery import World, eventually, started
from tests.builders.delivery_stream import Stream, chaos_seeds, settled_twice

if TYPE_CHECKING:
    from pathlib import Path

    from common.database import Transaction
    from common.processes import Process
    from common.tasks import Task

START = datetime(2025, 8, 4, tzinfo=UTC)
STAGES = 8
WAKES = 3


class Programme:
    """Stages that wake a few times and each time set a task, by a clock; what fires early is noted."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.early: list[str] = []

    async def begin(self) -> None:
        async with self._world.publisher.transaction() as tx:
            for number in range(STAGES):
                await tx.processes.start("stage", f"{number}", "0", owner="staff", wake_at=self._later(tx))

    async def wake(self, process: Process, tx: Transaction) -> None:
        if process.wake_at is None or tx.now < process.wake_at:
            self.early.append(f"{process.id}/{process.state}")
        count = int(process.state) + 1
        await self._world.say(tx, started(f"stage-{process.id}", count))
        due = self._later(tx)
        await tx.enqueue("report", f"{process.id}-{count}", {"due": due.isoformat()}, run_at=due)
        if count == WAKES:
            await tx.processes.finish(process, "done")
        else:
            await tx.processes.move(process, f"{count}", owner="staff", wake_at=self._later(tx))

    async def report(self, task: Task) -> None:
        async with task.finish() as tx:
            if tx.now < datetime.fromisoformat(task.payload["due"]):
                self.early.append(task.id)
            await self._world.say(tx, started(f"report-{task.id}", 1))

    def _later(self, tx: Transaction) -> datetime:
        return tx.now + timedelta(hours=self._chance.randint(1, 24 * 30))


def expected() -> set[tuple[str, int]]:
    """Return the events of all wakes and of all reports."""
    wakes = [(stage, count) for stage in range(STAGES) for count in range(1, WAKES + 1)]
    return {(f"stage-{stage}", count) for stage, count in wakes} | {(f"report-{s}-{c}", 1) for s, c in wakes}


@pytest.mark.parametrize("seed", chaos_seeds())
async def test_a_clock_that_jumps_fires_everything_once_and_nothing_early(
    kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    shared = VirtualClockFile(tmp_path / "clock")
    shared.create()
    shared.advance(START)
    clock = VirtualClock(tmp_path / "clock")
    world = World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations", clock)
    programme = Programme(world, chance)
    async with (
        world,
        world.relay(),
        world.consumers(limits=Limits()),
        Timers(world.publisher, clock, {"stage": programme.wake}),
        Worker(world.publisher, clock, {"report": programme.report}),
    ):
        await programme.begin()
        stream = Stream(world, chance)
        saying = asyncio.create_task(stream.say(100))
        while not await _all_done(world):
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            shared.advance(clock.now() + timedelta(hours=chance.choice([0, 1, 24, 24 * 40])))
        await saying
        stream.acknowledged |= expected()
        await settled_twice(world, stream)
        await eventually(world.outbox_empty)
        assert programme.early == []


async def _all_done(world: World) -> bool:
    async with world.publisher.transaction() as tx:
        waiting = await tx.fetchval("SELECT count(*) FROM process WHERE finished_at IS NULL")
        tasks = await tx.fetchval("SELECT count(*) FROM task WHERE state = 'done'")
        return bool(waiting == 0 and tasks == STAGES * WAKES)
