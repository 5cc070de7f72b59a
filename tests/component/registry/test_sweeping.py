"""Uploads that nobody goes on with and bytes that nothing rests on, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb
from registry.store.upkeep import Sweeper

from tests.builders.registry_service import (
    TEAM,
    RawUpload,
    checkpoint_folder,
    cut,
    declaration,
    files_of,
    listed,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders.registry_service import RunningRegistry

UNTOUCHED = timedelta(days=7)


def key(data: bytes) -> str:
    return f"blobs/{TEAM}/{hashlib.sha256(data).hexdigest()}"


async def days_later(registry: RunningRegistry, upload: RawUpload, days: int = 8) -> None:
    """As if so many days had passed since somebody touched an upload."""
    async with registry.database.transaction() as tx:
        await tx.execute(
            "UPDATE uploads SET touched_at = touched_at - $2::interval WHERE upload_id::text = $1",
            upload.upload_id,
            timedelta(days=days),
        )


async def sweep(registry: RunningRegistry) -> None:
    """Until nothing is left to be swept."""
    sweeper = Sweeper(registry.database, registry.objects, UNTOUCHED)
    while await sweeper.do() < 1:
        pass


async def test_an_upload_that_nobody_goes_on_with_is_given_up_and_its_bytes_are_removed(
    registry: RunningRegistry,
) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        old, young = await RawUpload.begin(team), await RawUpload.begin(team)
        await old.send({"a.txt": b"only old", "b.txt": b"of both"})
        await young.send({"b.txt": b"of both", "c.txt": b"only young"})
        await days_later(registry, old)
        await days_later(registry, young, days=6)
        await sweep(registry)
        there = [await registry.objects.size(key(data)) for data in (b"only old", b"of both", b"only young")]
        assert there == [None, 7, 10]
        with pytest.raises(Refused) as refusal:
            await old.declare(cut("d.txt", b"more"))
        assert (refusal.value.code, refusal.value.facts["state"]) == ("UPLOAD_CLOSED", "abandoned")
        # Nothing counts as arrived that is not there.
        again = await RawUpload.begin(team)
        lacking = await again.declare([*cut("a.txt", b"only old"), *cut("b.txt", b"of both")])
        assert [target.sha256 for target in await again.targets(lacking)] == [hashlib.sha256(b"only old").digest()]


async def test_what_a_checkpoint_rests_on_stays_whatever_becomes_of_uploads(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        good = await RawUpload.begin(team)
        # Declared and sent, and not listed at the end.
        await good.send({"draft.txt": b"a draft"})
        committed = await good.push(files, declaration())
        refused = await RawUpload.begin(team)
        with pytest.raises(Refused):
            await refused.push({**files, "more.txt": b"of the refused"}, declaration(parameters=1))
        for upload in (good, refused):
            await days_later(registry, upload)
        await sweep(registry)
        for data in files.values():
            assert await registry.objects.size(key(data)) == len(data)
        assert await registry.objects.size(key(b"of the refused")) is None
        assert await registry.objects.size(key(b"a draft")) is None
        request = pb.GetUploadRequest(team_id=TEAM, upload_id=good.upload_id)
        upload = (await team.GetUpload(request)).upload
        assert upload.checkpoint.checkpoint_digest == committed.checkpoint_digest


async def test_a_crash_between_the_removal_and_its_record_leaves_nothing_wrong(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        old = await RawUpload.begin(team)
        await old.send({"a.txt": b"one", "b.txt": b"two"})
        await days_later(registry, old)
        usual, removed = registry.objects.discard, []

        async def ends_early(key: str) -> None:
            await usual(key)
            removed.append(key)
            raise RuntimeError("the process ends here")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(registry.objects, "discard", ends_early)
            sweeper = Sweeper(registry.database, registry.objects, UNTOUCHED)
            with pytest.raises(RuntimeError):
                await sweeper.do()
        assert len(removed) == 1
        # Who pushes now, finds what is there and puts what is not.
        between = await RawUpload.begin(team)
        await between.send({"a.txt": b"one", "b.txt": b"two"})
        assert between.sent == 3
        await sweep(registry)
        assert [await registry.objects.size(key(data)) for data in (b"one", b"two")] == [3, 3]


async def test_no_part_vanishes_under_a_push_that_goes_on_while_it_is_swept(registry: RunningRegistry) -> None:
    files = {f"{number}.txt": b"%d" % number * 50 for number in range(12)}
    async with registry.client("consortium", team=TEAM) as team:
        for _ in range(3):
            old = await RawUpload.begin(team)
            await old.send(files)
            await days_later(registry, old)
            young = await RawUpload.begin(team)
            await asyncio.gather(young.send(files), sweep(registry))
            await young.list([listed(path, data) for path, data in files.items()])
            for data in files.values():
                assert await registry.objects.size(key(data)) == len(data)
            await days_later(registry, young)
            await sweep(registry)
            assert [await registry.objects.size(key(data)) for data in files.values()] == [None] * len(files)


async def test_a_put_that_comes_twice_leaves_the_first_as_it_is(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient(timeout=60) as http:
        upload = await RawUpload.begin(team)
        (target,) = await upload.targets(await upload.declare(cut("a.txt", b"bytes")))
        statuses = [
            (await http.put(target.url, content=b"bytes", headers=dict(target.headers))).status_code for _ in range(2)
        ]
        assert statuses == [200, 412]
        # The condition is signed: nobody leaves it out.
        without = {name: value for name, value in target.headers.items() if name != "if-none-match"}
        assert (await http.put(target.url, content=b"bytes", headers=without)).status_code == 403
