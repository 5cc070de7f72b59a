"""The tables of checkpoints are made again from the object store alone, with a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from client.stack.postgres import create_databases, with_database
from common.clock import SystemClock
from common.database import Database
from dokpamo.registry.v1 import service_pb2 as pb
from registry.domain.checkpoint import Checkpoint, TeamId
from registry.handlers import NotRestorableError, restore
from registry.store import MIGRATIONS
from registry.store.checkpoints import CheckpointStore

from tests.builders.delivery import eventually
from tests.builders.registry_service import TEAM, checkpoint_folder, declaration, put_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.builders.registry_service import RunningRegistry

TABLES = {
    "checkpoints": "checkpoint_digest, team_id, model, version, job_id, declaration, committed_at, manifest, "
    "file_count, size_bytes, signature, findings",
    "checkpoint_files": "*",
    "parts": "team_id, sha256, size_bytes",
    "blob_parts": "*",
    "blobs": "team_id, sha256, content, size_bytes, parameters, findings",
}
"""What of the tables must come back; not when it was read or noted."""


async def tables(database: Database) -> dict[str, list[Any]]:
    async with database.transaction(readonly=True) as tx:
        return {
            table: [tuple(row) for row in await tx.fetch(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3")]
            for table, columns in TABLES.items()
        }


async def restored(database: Database, registry: RunningRegistry, team: str | None = None) -> list[bool]:
    """Which of the checkpoints that lie in the store were lacking."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[CheckpointStore]:
        async with database.transaction() as tx:
            yield CheckpointStore(tx)

    found: list[tuple[Checkpoint, bool]] = [
        each async for each in restore(TeamId(team) if team else None, registry.objects, opened)
    ]
    return [lacking for _, lacking in found]


@pytest.fixture
async def empty(postgres_url: str) -> AsyncIterator[Database]:
    """A registry's database as if everything had been lost."""
    name = f"test_{secrets.token_hex(6)}"
    create_databases(postgres_url, (name,))
    async with Database(with_database(postgres_url, name), "registry", MIGRATIONS, SystemClock()) as database:
        yield database


def environment(database: Database, s3: S3Access, folder: Path) -> dict[str, str]:
    """What the command reads."""
    values = {
        "environment": "embedded",
        "database_url": database._url,
        "kafka_bootstrap": "127.0.0.1:1",
        "grpc_listen": "127.0.0.1:1",
        "token_keys": str(folder / "keys.json"),
        "s3_endpoint": s3.endpoint,
        "s3_access_key": s3.access_key,
        "s3_secret_key": s3.secret_key,
        "mlflow_uri": "http://127.0.0.1:1",
    }
    return {f"DOKPAMO_{name.upper()}": value for name, value in values.items()}


async def named(registry: RunningRegistry, count: int) -> None:
    async def done() -> bool:
        async with registry.database.transaction(readonly=True) as tx:
            return bool(await tx.fetchval("SELECT count(*) FROM names") == count)

    await eventually(done)


async def test_checkpoints_come_back_as_they_were_from_what_lies_in_the_store(
    registry: RunningRegistry, tmp_path: Path, empty: Database, s3: S3Access
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint", rows=4000)
    (folder / "copy.txt").write_bytes(b"")
    edge = pb.LineageEdge(
        component="model", owner="third-party", kind="code", parent="한글", share="0.35", evidence=["https://a.example"]
    )
    said = declaration(4000, job_id="job-1", lineage=[edge], seed=2**64 - 1)
    async with registry.client("consortium", team=TEAM) as team, registry.client("consortium", team="kt") as other:
        await put_all(team, folder, said)
        await put_all(other, folder, declaration(4000), team_id="kt")
        (folder / "README.md").write_text("# another card\n")
        await put_all(team, folder, declaration(4000), model="solar-open")
        await put_all(team, folder, declaration(4000))
    await named(registry, 4)
    before = await tables(registry.database)
    assert len(before["checkpoints"]) == 4
    assert await restored(empty, registry, "kt") == [True]
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "registry", "restore", env={**os.environ, **environment(empty, s3, tmp_path)}
    )
    assert await command.wait() == 0
    assert await tables(empty) == before
    assert await restored(empty, registry) == [False] * 4
    async with empty.transaction(readonly=True) as tx:
        # They are named, read back by the scrubber, and told to nobody a second time.
        assert await tx.fetchval("SELECT count(*) FROM task WHERE kind = 'name-checkpoint'") == 4
        assert await tx.fetchval("SELECT count(*) FROM part_reads WHERE asked_at IS NULL") == 0
        assert await tx.fetchval("SELECT count(*) FROM outbox") == 0


async def test_what_is_not_whole_in_the_store_is_not_made_again(
    registry: RunningRegistry, tmp_path: Path, empty: Database
) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, checkpoint_folder(tmp_path / "checkpoint"), declaration())
    await named(registry, 1)
    key = f"manifests/{TEAM}/solar/{committed.checkpoint_digest}/manifest.json"
    async with registry.database.transaction(readonly=True) as tx:
        manifest = await tx.fetchval("SELECT manifest FROM checkpoints")
        part = await tx.fetchval("SELECT sha256 FROM parts LIMIT 1")
    await registry.objects.write(key, manifest.replace(b"2025-h2", b"2026-h1"))
    with pytest.raises(NotRestorableError, match=r"has the SHA-256"):
        await restored(empty, registry)
    await registry.objects.write(key, manifest)
    await registry.objects.discard(f"blobs/{TEAM}/{part}")
    with pytest.raises(NotRestorableError, match=part):
        await restored(empty, registry)
    assert (await tables(empty))["checkpoints"] == []
