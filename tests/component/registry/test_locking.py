"""Object lock where the store has it, and where it is off, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from registry.domain.checkpoint import TeamId
from registry.domain.integrity import Damage, Schedule
from registry.domain.parts import Stored
from registry.store.inspector import ProcessInspector
from registry.store.locking import ObjectLock
from registry.store.objects import S3Objects
from registry.store.scrubs import ScrubStore
from registry.store.upkeep import Locker, Scrubber

from tests.builders.registry_service import BUCKET, TEAM, RawUpload, checkpoint_folder, declaration, files_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.builders.registry_service import RunningRegistry

YEAR = timedelta(days=365)


@pytest.fixture
async def bucket(s3: S3Access) -> AsyncIterator[S3Objects]:
    """A bucket of its own: what is locked in it stays."""
    name = f"locked-{uuid4().hex[:8]}"
    async with S3Objects(s3.endpoint, name, s3.access_key, s3.secret_key, region="us-east-1") as objects:
        yield objects


async def read(objects: S3Objects, key: str, size: int) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key, 0, size)])


@pytest.mark.parametrize("mode", ["governance", "compliance"])
async def test_what_is_locked_stays_whatever_the_stores_own_credentials_do_and_comes_back(
    bucket: S3Objects, s3: S3Access, mode: str
) -> None:
    key, good, bad = "blobs/x", b"committed bytes", b"other bytes!!!!"
    await bucket.write(key, good)
    lock = ObjectLock(bucket, mode, YEAR)  # type: ignore[arg-type]  # one of the two
    assert await lock.holds()
    assert bucket.versioned
    until = lock.until()
    await lock.lock(key, until)
    client = s3.client()
    told = client.get_object_retention(Bucket=bucket._bucket, Key=key)["Retention"]
    assert told["Mode"] == mode.upper()
    assert told["RetainUntilDate"].astimezone(UTC) == until.replace(microsecond=0)
    (version,) = await bucket.versions(key)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket._bucket, Key=key, VersionId=version["versionId"])
    # Put over it, and deleted: it is under that, and comes back.
    client.put_object(Bucket=bucket._bucket, Key=key, Body=bad)
    client.delete_object(Bucket=bucket._bucket, Key=key)
    assert await bucket.size(key) is None
    part = Stored(hashlib.sha256(good).hexdigest(), len(good))
    assert await bucket.revert(key, part)
    assert await read(bucket, key, len(good)) == good
    assert await bucket.versions(key) == [version]
    # Nothing to bring back is nothing removed.
    client.put_object(Bucket=bucket._bucket, Key=key, Body=bad)
    assert not await bucket.revert(key, Stored("f" * 64, 1))
    assert len(await bucket.versions(key)) == 2
    client.close()


async def test_a_versioned_object_that_nobody_needs_goes_with_all_its_versions(bucket: S3Objects) -> None:
    assert await ObjectLock(bucket, "governance", YEAR).holds()
    for data in (b"one", b"two"):
        await bucket.write("blobs/x", data)
    await bucket.write("blobs/xy", b"another")
    await bucket.discard("blobs/x")
    assert await bucket.versions("blobs/x") == []
    assert await read(bucket, "blobs/xy", 7) == b"another"


async def test_parts_of_checkpoints_are_locked_and_damage_heals_by_itself(
    registry: RunningRegistry, tmp_path: Path, bucket: S3Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The registry's own objects, in the bucket that may keep what is locked.
    monkeypatch.setattr(registry.objects, "_bucket", bucket._bucket)
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        await (await RawUpload.begin(team)).push(files, declaration())
    locker = Locker(registry.database, ObjectLock(registry.objects, "governance", YEAR))
    while await locker.do() == 0.0:
        pass
    async with registry.database.transaction() as tx:
        assert (
            await tx.fetchval("SELECT count(*) FROM part_reads WHERE locked_until > now() + interval '364 days'") == 3
        )
        assert await ScrubStore(tx).unlocked(YEAR / 2, 10) == []
    weights = files["model.safetensors"]
    key = f"blobs/{TEAM}/{hashlib.sha256(weights).hexdigest()}"
    await registry.objects.write(key, bytes(len(weights)))
    async with registry.database.transaction() as tx:
        await ScrubStore(tx).ask(TeamId(TEAM), None)
    async with ProcessInspector(registry.objects) as inspector:
        schedule = Schedule(timedelta(days=30), 2**30)
        scrubber = Scrubber(registry.database, inspector, registry.objects, schedule)
        while await scrubber.do() < 1:
            pass
    async with registry.database.transaction() as tx:
        damages: list[Damage] = (await ScrubStore(tx).damages(None, 10, 0, only_open=False))[0]
    assert [(damage.part.sha256, damage.healed_at is not None) for damage in damages] == [
        (hashlib.sha256(weights).hexdigest(), True)
    ]
    assert await read(registry.objects, key, len(weights)) == weights


async def test_where_it_is_off_nothing_is_locked_and_where_it_cannot_be_that_is_said_once(
    registry: RunningRegistry, s3: S3Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await ObjectLock(registry.objects, "off", YEAR).holds()
    client = s3.client()
    assert "Status" not in client.get_bucket_versioning(Bucket=BUCKET)
    client.close()
    # A store that refuses it, as one without object lock does.
    monkeypatch.setattr("registry.store.locking._VERSIONS", b"<nonsense/>")
    monkeypatch.setattr("registry.store.locking._ENABLED", b"<nonsense/>")
    lock = ObjectLock(registry.objects, "compliance", YEAR)
    assert not await lock.holds()
    assert datetime.now(UTC) < lock.until()
