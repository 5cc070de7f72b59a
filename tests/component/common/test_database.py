"""The database part on a real PostgreSQL: migrations, transactions, and a database that goes away."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg
import pytest
from client.stack.apart import run_apart
from common.clock import FixedClock
from common.database import Database
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.schema import MigrationChangedError, MigrationNameError, MigrationOutOfOrderError

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.single import SinglePart
    from common.database import Transaction

NOW = datetime(2025, 7, 21, 7, 0, tzinfo=UTC)
FIRST = "CREATE TABLE note (id integer PRIMARY KEY, text text NOT NULL, facts jsonb);"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/0001_note.sql").write_text(FIRST)
    return tmp_path / "migrations"


def opened(url: str, folder: Path, schema: str = "intake", **limits: float) -> Database:
    return Database(url, schema, folder, FixedClock(NOW), **limits)  # type: ignore[arg-type]  # all limits are floats


async def write(tx: Transaction, number: int, text: str = "x") -> None:
    await tx.execute("INSERT INTO note (id, text) VALUES ($1, $2)", number, text)


async def count(database: Database) -> int:
    async with database.transaction(readonly=True) as tx:
        return int(await tx.fetchval("SELECT count(*) FROM note"))


async def test_migrations_are_applied_once_and_recorded_with_their_hash(fresh_database_url: str, folder: Path) -> None:
    for _ in range(2):
        async with opened(fresh_database_url, folder) as database, database.transaction() as tx:
            rows = await tx.fetch("SELECT name, sha256, applied_at FROM migration WHERE source = 'intake'")

    assert [tuple(row) for row in rows] == [("0001_note.sql", hashlib.sha256(FIRST.encode()).hexdigest(), NOW)]


async def test_processes_that_start_at_once_migrate_once(fresh_database_url: str, folder: Path) -> None:
    databases = [opened(fresh_database_url, folder) for _ in range(4)]

    await asyncio.gather(*(database.__aenter__() for database in databases))

    assert await count(databases[0]) == 0
    await asyncio.gather(*(database.__aexit__(None, None, None) for database in databases))


async def test_an_applied_migration_may_not_change(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder):
        pass
    (folder / "0001_note.sql").write_text(FIRST + "-- a word more")

    with pytest.raises(MigrationChangedError):
        await opened(fresh_database_url, folder).__aenter__()


async def test_a_migration_comes_after_those_applied(fresh_database_url: str, folder: Path) -> None:
    (folder / "0003_late.sql").write_text("SELECT 1;")
    async with opened(fresh_database_url, folder):
        pass
    (folder / "0002_forgotten.sql").write_text("SELECT 1;")

    with pytest.raises(MigrationOutOfOrderError):
        await opened(fresh_database_url, folder).__aenter__()


async def test_a_migration_that_fails_leaves_nothing_of_itself(fresh_database_url: str, folder: Path) -> None:
    (folder / "0002_broken.sql").write_text("CREATE TABLE half (id integer); SELECT no_such_function();")
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await opened(fresh_database_url, folder).__aenter__()
    (folder / "0002_broken.sql").unlink()

    async with opened(fresh_database_url, folder) as database, database.transaction() as tx:
        assert await tx.fetchval("SELECT to_regclass('half') IS NULL")


async def test_a_file_that_cannot_be_ordered_is_refused(fresh_database_url: str, folder: Path) -> None:
    (folder / "2_note.sql").write_text("SELECT 1;")

    with pytest.raises(MigrationNameError):
        await opened(fresh_database_url, folder).__aenter__()


async def test_services_of_one_database_do_not_see_each_other(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder) as intake, opened(fresh_database_url, folder, "grants") as grants:
        async with intake.transaction() as tx:
            await write(tx, 1)

        assert (await count(intake), await count(grants)) == (1, 0)


async def test_a_transaction_that_raises_changes_nothing_and_calls_nobody(
    fresh_database_url: str, folder: Path
) -> None:
    called: list[str] = []
    async with opened(fresh_database_url, folder) as database:

        async def fails() -> None:
            async with database.transaction() as tx:
                await write(tx, 1)
                tx.after_commit(lambda: called.append("rolled back"))
                raise KeyError

        with pytest.raises(KeyError):
            await fails()
        async with database.transaction() as tx:
            await write(tx, 2)
            tx.after_commit(lambda: called.append("committed"))
            assert called == []

        assert await count(database) == 1
    assert called == ["committed"]


async def test_a_transaction_knows_one_instant_its_service_and_who_acts(fresh_database_url: str, folder: Path) -> None:
    clock = FixedClock(NOW)
    async with Database(fresh_database_url, "intake", folder, clock) as database:
        async with database.transaction(actor="kim") as tx:
            clock.set(datetime(2026, 1, 1, tzinfo=UTC))
            assert (tx.now, tx.service, tx.actor) == (NOW, "intake", "kim")
        async with database.transaction() as tx:
            assert tx.actor == "service:intake"


async def test_json_is_python_and_nan_is_refused(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder) as database:
        async with database.transaction() as tx:
            facts = {"이름": [1, None, "x"]}
            assert await tx.fetchval("SELECT $1::jsonb", facts) == facts
        with pytest.raises(asyncpg.DataError):
            async with database.transaction() as tx:
                await tx.fetchval("SELECT $1::jsonb", {"score": float("nan")})


async def test_a_reading_transaction_sees_one_snapshot_and_cannot_write(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder) as database:
        async with database.transaction(readonly=True) as reading:
            assert await reading.fetchval("SELECT count(*) FROM note") == 0
            async with database.transaction() as tx:
                await write(tx, 1)
            assert await reading.fetchval("SELECT count(*) FROM note") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with database.transaction(readonly=True) as tx:
                await write(tx, 2)


async def test_of_two_that_block_each_other_one_is_told_to_try_again(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder) as database:
        async with database.transaction() as tx:
            await write(tx, 1)
            await write(tx, 2)
        both_hold_one = asyncio.Barrier(2)

        async def take(first: int, second: int) -> None:
            async with database.transaction() as tx:
                await tx.execute("UPDATE note SET text = 'y' WHERE id = $1", first)
                await both_hold_one.wait()
                await tx.execute("UPDATE note SET text = 'y' WHERE id = $1", second)

        outcomes = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {type(None), TransactionConflictError}


async def test_a_connection_lost_in_a_transaction_is_an_outage_and_the_next_one_works(
    fresh_database_url: str, folder: Path
) -> None:
    async with opened(fresh_database_url, folder) as database, opened(fresh_database_url, folder, "other") as other:

        async def loses_it() -> None:
            async with database.transaction() as tx:
                await write(tx, 1)
                backend = await tx.fetchval("SELECT pg_backend_pid()")
                async with other.transaction() as killer:
                    await killer.execute("SELECT pg_terminate_backend($1)", backend)
                await tx.fetchval("SELECT 1")

        with pytest.raises(DatabaseUnavailableError):
            await loses_it()

        assert await count(database) == 0


async def test_a_connection_that_died_while_nobody_used_it_is_replaced(fresh_database_url: str, folder: Path) -> None:
    async with opened(fresh_database_url, folder) as database:
        async with database.transaction() as tx:
            await write(tx, 1)
            backend = await tx.fetchval("SELECT pg_backend_pid()")

        async def terminate() -> None:
            other = await asyncpg.connect(fresh_database_url)
            assert await other.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
            await other.close()

        # The loop is blocked meanwhile, so that the pool's connection is dead before anything has been read from it.
        run_apart(terminate())

        assert await count(database) == 1


async def test_a_full_pool_is_an_outage_not_a_fault(fresh_database_url: str, folder: Path) -> None:
    database = Database(fresh_database_url, "intake", folder, FixedClock(NOW), connections=1, acquire_wait_seconds=0.3)
    async with database, database.transaction():
        with pytest.raises(DatabaseUnavailableError):
            async with database.transaction():
                pass


async def test_a_database_that_is_killed_is_waited_for(
    postgres: SinglePart, fresh_database_url: str, folder: Path
) -> None:
    async with opened(fresh_database_url, folder, acquire_wait_seconds=30.0) as database:
        async with database.transaction() as tx:
            await write(tx, 1)

        await asyncio.to_thread(postgres.kill)
        try:
            waiting = asyncio.create_task(count(database))
            await asyncio.sleep(0.5)
            assert not waiting.done()
        finally:
            await asyncio.to_thread(postgres.start)

        assert await waiting == 1


async def test_a_database_that_stays_away_is_an_outage(
    postgres: SinglePart, fresh_database_url: str, folder: Path
) -> None:
    async with opened(fresh_database_url, folder, acquire_wait_seconds=0.5) as database:
        await asyncio.to_thread(postgres.kill)
        try:
            assert not await database.ready()
            with pytest.raises(DatabaseUnavailableError):
                async with database.transaction():
                    pass
            with pytest.raises(DatabaseUnavailableError):
                await opened(fresh_database_url, folder, startup_wait_seconds=0.5).__aenter__()
        finally:
            await asyncio.to_thread(postgres.start)
        await asyncio.sleep(0.1)

        assert await database.ready()


async def test_the_start_waits_for_the_database(postgres: SinglePart, fresh_database_url: str, folder: Path) -> None:
    database = opened(fresh_database_url, folder)
    await asyncio.to_thread(postgres.kill)

    async with AsyncExitStack() as parts:
        try:
            starting = asyncio.create_task(parts.enter_async_context(database))
            await asyncio.sleep(0.5)
            assert not starting.done()
        finally:
            await asyncio.to_thread(postgres.start)
        await starting

        assert await database.ready()
