"""Process managers and their timers on a real PostgreSQL, by a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from common.clock import FixedClock
from common.database import Database
from common.processes import NoSuchProcessError, Process, due_count, next_due
from common.timers import Timers

from tests.builders.delivery import eventually, migrations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.database import Transaction

START = datetime(2025, 8, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
async def database(fresh_database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Database]:
    async with Database(fresh_database_url, "selection", migrations(tmp_path / "migrations"), clock) as database:
        yield database


async def get(database: Database, process_id: str, kind: str = "stage") -> Process:
    async with database.transaction() as tx:
        process = await tx.processes.get(kind, process_id)
    assert process is not None
    return process


async def begin(
    database: Database, process_id: str, *, wake_at: datetime | None = None, deadline: datetime | None = None
) -> None:
    async with database.transaction() as tx:
        await tx.processes.start("stage", process_id, "open", owner="staff", wake_at=wake_at, deadline=deadline)


async def test_a_process_is_begun_once(database: Database) -> None:
    await begin(database, "1", wake_at=START + HOUR)
    async with database.transaction() as tx:
        await tx.processes.start("stage", "1", "other", owner="nobody")
    assert (await get(database, "1")).state == "open"


async def test_moving_a_process_that_does_not_exist_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(NoSuchProcessError):
            await tx.processes.move(Process("stage", "nowhere", "open", "staff"), "closed", owner="staff")
        with pytest.raises(NoSuchProcessError):
            await tx.processes.finish(Process("stage", "nowhere", "open", "staff"), "closed")


async def test_processes_wake_in_the_order_of_their_time_and_never_early(database: Database, clock: FixedClock) -> None:
    woken: list[str] = []

    async def close(process: Process, tx: Transaction) -> None:
        woken.append(process.id)
        await tx.processes.finish(process, "closed")

    for process_id, hours in (("c", 3), ("a", 1), ("b", 2), ("later", 9)):
        await begin(database, process_id, wake_at=START + hours * HOUR)
    async with Timers(database, clock, {"stage": close}):
        clock.set(START + HOUR - timedelta(microseconds=1))
        async with database.transaction() as tx:
            assert await due_count(tx, tx.now) == 0
            assert await next_due(tx, tx.now) == START + HOUR
        clock.set(START + 5 * HOUR)
        await eventually(lambda: _none_due(database))
    assert woken == ["a", "b", "c"]


async def _none_due(database: Database) -> bool:
    async with database.transaction() as tx:
        return await due_count(tx, tx.now) == 0


async def test_a_wake_up_that_fails_is_tried_again_with_the_reason_kept(database: Database, clock: FixedClock) -> None:
    tries: list[int] = []

    async def close(process: Process, tx: Transaction) -> None:
        tries.append(process.attempt)
        await tx.execute("INSERT INTO effect (event_id, key, number) VALUES (gen_random_uuid(), 'a', 1)")
        if len(tries) < 3:
            raise ValueError("the panel is not seated")
        await tx.processes.move(process, "closed", owner="staff", data={"why": process.last_error})

    await begin(database, "1", wake_at=START)
    async with Timers(database, clock, {"stage": close}):
        await eventually(lambda: _none_due(database))
    process = await get(database, "1")
    assert tries == [0, 1, 2]
    assert (process.state, process.attempt, process.last_error) == ("closed", 0, "")
    assert process.data == {"why": "ValueError: the panel is not seated"}
    async with database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM effect") == 1


async def test_a_wake_up_that_moves_nothing_does_not_come_again(database: Database, clock: FixedClock) -> None:
    woken: list[str] = []

    async def look(process: Process, _tx: Transaction) -> None:
        woken.append(process.id)

    await begin(database, "1", wake_at=START)
    async with Timers(database, clock, {"stage": look}):
        await eventually(lambda: _none_due(database))
    assert woken == ["1"]


async def test_a_wake_up_may_ask_for_the_next_at_the_same_instant(database: Database, clock: FixedClock) -> None:
    states: list[str] = []

    async def step(process: Process, tx: Transaction) -> None:
        states.append(process.state)
        if process.state == "open":
            await tx.processes.move(process, "scored", owner="staff", wake_at=tx.now)
        else:
            await tx.processes.finish(process, "closed")

    await begin(database, "1", wake_at=START)
    async with Timers(database, clock, {"stage": step}):
        await eventually(lambda: _none_due(database))
    assert states == ["open", "scored"]


async def test_a_state_past_its_deadline_raises_one_alarm(database: Database, clock: FixedClock) -> None:
    await begin(database, "1", deadline=START + HOUR)
    async with Timers(database, clock, {}):
        clock.set(START + HOUR)
        async with database.transaction() as tx:
            assert await due_count(tx, tx.now) == 0
            assert await next_due(tx, tx.now) == START + HOUR + timedelta(microseconds=1)
        clock.set(START + 2 * HOUR)
        await eventually(lambda: _alarms(database, 1))
        clock.set(START + 3 * HOUR)
        async with database.transaction() as tx:
            # Moved to a state with a deadline that has passed as well: a new state, a new alarm.
            process = await tx.processes.get("stage", "1")
            assert process is not None
            await tx.processes.move(process, "stuck", owner="ministry", deadline=START + HOUR)
        await eventually(lambda: _alarms(database, 2))
        async with database.transaction() as tx:
            assert [process.id for process in await tx.processes.list(overdue_only=True)] == ["1"]


async def _alarms(database: Database, count: int) -> bool:
    async with database.transaction() as tx:
        rows = await tx.fetch("SELECT topic FROM outbox WHERE type = 'dokpamo.common.v1.ProcessOverdue'")
    assert len(rows) <= count
    assert {row["topic"] for row in rows} <= {"dokpamo.selection.process.v1"}
    return len(rows) == count
