"""Tasks and their worker on a real PostgreSQL, by a clock that the test moves; leases are real time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from common.clock import FixedClock
from common.database import Database
from common.tasks import LeaseLostError, Task, due_count, next_due
from common.worker import Retries, Worker

from tests.builders.delivery import eventually, migrations
from tests.builders.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.database import Transaction

START = datetime(2025, 8, 4, tzinfo=UTC)
SHORT = timedelta(milliseconds=400)
QUICK = Retries(attempts=3, first_pause=timedelta(milliseconds=20), longest_pause=timedelta(milliseconds=50))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
async def database(fresh_database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Database]:
    async with Database(fresh_database_url, "training", migrations(tmp_path / "migrations"), clock) as database:
        yield database


async def enqueue(database: Database, task_id: str, *, run_at: datetime | None = None, kind: str = "train") -> None:
    async with database.transaction() as tx:
        await tx.enqueue(kind, task_id, {"number": int(task_id)}, run_at=run_at)


async def state_of(database: Database, task_id: str) -> tuple[str, int, str]:
    async with database.transaction() as tx:
        row = await tx.fetchrow("SELECT state, attempt, last_error FROM task WHERE id = $1", task_id)
    assert row is not None
    return row["state"], row["attempt"], row["last_error"]


async def record(task: Task) -> None:
    async with task.finish() as tx:
        await tx.execute(
            "INSERT INTO effect (event_id, key, number) VALUES (gen_random_uuid(), $1, $2)", task.id, task.attempt
        )


async def effects(database: Database) -> list[tuple[str, int]]:
    async with database.transaction() as tx:
        return [(row["key"], row["number"]) for row in await tx.fetch("SELECT key, number FROM effect ORDER BY seq")]


async def _none_due(database: Database) -> bool:
    async with database.transaction() as tx:
        return await due_count(tx, tx.now) == 0


async def test_a_task_is_done_once_with_its_effects(database: Database, clock: FixedClock) -> None:
    await enqueue(database, "1")
    await enqueue(database, "1")
    async with Worker(database, clock, {"train": record}):
        await eventually(lambda: _none_due(database))
        await enqueue(database, "1")
        assert await effects(database) == [("1", 1)]
    assert await state_of(database, "1") == ("done", 1, "")


async def test_a_task_recorded_in_a_rolled_back_transaction_is_never_done(
    database: Database, clock: FixedClock
) -> None:
    with pytest.raises(RuntimeError):
        await _enqueue_and_fail(database)
    async with Worker(database, clock, {"train": record}):
        await asyncio.sleep(0.3)
    assert await effects(database) == []


async def _enqueue_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.enqueue("train", "1", {})
        raise RuntimeError


async def test_a_task_waits_for_its_instant_of_the_clock(database: Database, clock: FixedClock) -> None:
    due = START + timedelta(days=30)
    await enqueue(database, "1", run_at=due)
    async with Worker(database, clock, {"train": record}):
        await asyncio.sleep(0.3)
        assert await effects(database) == []
        async with database.transaction() as tx:
            assert (await due_count(tx, tx.now), await next_due(tx, tx.now)) == (0, due)
        clock.set(due)
        await eventually(lambda: _none_due(database))
    assert await effects(database) == [("1", 1)]


async def test_a_failed_task_is_tried_again_and_at_last_failed_with_the_reason(
    database: Database, clock: FixedClock
) -> None:
    told: list[tuple[str, str]] = []

    async def break_down(task: Task) -> None:
        raise ValueError(f"try {task.attempt}")

    async def on_failed(task: Task, error: str, tx: Transaction) -> None:
        told.append((task.id, error))
        await tx.execute("INSERT INTO effect (event_id, key, number) VALUES (gen_random_uuid(), 'failed', 1)")

    await enqueue(database, "1")
    async with Worker(database, clock, {"train": break_down}, on_failed={"train": on_failed}, retries=QUICK):
        await eventually(lambda: _none_due(database))
    assert await state_of(database, "1") == ("failed", 3, "ValueError: try 3")
    assert told == [("1", "ValueError: try 3")]
    assert await effects(database) == [("failed", 1)]


async def test_a_handler_that_finishes_nothing_has_not_done_its_task(database: Database, clock: FixedClock) -> None:
    async def forget(_task: Task) -> None:
        pass

    await enqueue(database, "1")
    async with Worker(database, clock, {"train": forget}, retries=QUICK):
        await eventually(lambda: _none_due(database))
    state, _, error = await state_of(database, "1")
    assert (state, error.partition(":")[0]) == ("failed", "TaskNotFinishedError")


async def test_a_heartbeat_keeps_a_long_task_with_its_worker(database: Database, clock: FixedClock) -> None:
    begun: list[int] = []

    async def long(task: Task) -> None:
        begun.append(task.attempt)
        await asyncio.sleep(3 * SHORT.total_seconds())
        await record(task)

    await enqueue(database, "1")
    one = Worker(database, clock, {"train": long}, lease=SHORT, heartbeat=SHORT / 4)
    other = Worker(database, clock, {"train": long}, lease=SHORT, heartbeat=SHORT / 4)
    async with one, other:
        await eventually(lambda: _none_due(database))
    assert begun == [1]


async def test_a_worker_whose_lease_has_ended_cannot_finish(database: Database, clock: FixedClock) -> None:
    refused: list[str] = []
    both = asyncio.Event()

    async def slow_first(task: Task) -> None:
        if task.attempt == 1:
            # As a process that is stopped in its tracks: it hears of nothing, and goes on where it was.
            with suppress(asyncio.CancelledError):
                await both.wait()
            await both.wait()
        try:
            await record(task)
        except LeaseLostError as error:
            refused.append(error.task_id)
            raise
        both.set()

    await enqueue(database, "1")
    # No heartbeat within the lease.
    async with Worker(database, clock, {"train": slow_first}, lease=SHORT, heartbeat=timedelta(seconds=60)):
        await eventually(lambda: _none_due(database))
        await eventually(lambda: _has(refused))
    assert await effects(database) == [("1", 2)]


async def _has(things: list[str]) -> bool:
    return bool(things)


async def test_a_handler_whose_lease_cannot_be_renewed_has_ended_when_another_begins(
    database: Database, clock: FixedClock, fresh_database_url: str, tmp_path: Path
) -> None:
    told: list[str] = []
    begun = asyncio.Event()

    async def first(_task: Task) -> None:
        told.append("first begins")
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            told.append("first ends")

    async def second(task: Task) -> None:
        told.append("second begins")
        await record(task)

    await enqueue(database, "1")
    async with (
        Wire(fresh_database_url) as wire,
        Database(wire.url, "training", migrations(tmp_path / "migrations"), clock) as hanging,
        Worker(hanging, clock, {"train": first}, 1, lease=timedelta(seconds=1), heartbeat=timedelta(seconds=0.3)),
    ):
        await begun.wait()
        wire.hang()
        async with Worker(database, clock, {"train": second}):
            await eventually(lambda: _none_due(database))
        wire.flow()
    assert told == ["first begins", "first ends", "second begins"]
    assert await effects(database) == [("1", 2)]


async def test_a_stopped_worker_gives_its_task_back_at_once(database: Database, clock: FixedClock) -> None:
    begun = asyncio.Event()

    async def for_ever(_task: Task) -> None:
        begun.set()
        await asyncio.Event().wait()

    await enqueue(database, "1")
    async with Worker(database, clock, {"train": for_ever}):
        await begun.wait()
    assert await state_of(database, "1") == ("queued", 0, "")


HOST = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from common.clock import SystemClock
from common.database import Database
from common.worker import Worker

async def hang(task):
    print("begun", task.attempt, flush=True)
    await asyncio.Event().wait()

async def main():
    clock = SystemClock()
    async with Database(sys.argv[1], "training", Path(sys.argv[2]), clock) as database:
        second = timedelta(seconds=1)
        async with Worker(database, clock, {"train": hang}, lease=second, heartbeat=second / 3):
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_task_of_a_killed_worker_is_taken_by_another(
    database: Database, clock: FixedClock, fresh_database_url: str, tmp_path: Path
) -> None:
    await enqueue(database, "1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOST, fresh_database_url, str(tmp_path / "migrations"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while not (await process.stdout.readline()).startswith(b"begun 1"):
            pass
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    async with Worker(database, clock, {"train": record}):
        await eventually(lambda: _none_due(database))
    assert await effects(database) == [("1", 2)]


async def test_a_task_that_kills_every_worker_is_failed_in_the_end(database: Database, clock: FixedClock) -> None:
    await enqueue(database, "1")
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE task SET state = 'running', attempt = 3, lease_until = clock_timestamp() - interval '1 second'"
        )
    async with Worker(database, clock, {"train": record}, retries=QUICK):
        await eventually(lambda: _none_due(database))
    state, _, error = await state_of(database, "1")
    assert (state, error.partition(":")[0]) == ("failed", "TaskExhaustedError")
    assert await effects(database) == []
