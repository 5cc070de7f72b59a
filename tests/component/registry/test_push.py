"""A push, against a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

import grpc
import pytest
from common.errors import Refused, TransientError
from dokpamo.registry.v1 import service_pb2 as pb
from registry.handlers import verifying

from tests.builders.registry_service import (
    TEAM,
    RawUpload,
    checkpoint_folder,
    cut,
    declaration,
    fetched,
    files_of,
    listed,
    put_all,
    running_registry,
)

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.builders.registry_service import RunningRegistry


async def test_a_pushed_checkpoint_comes_back_as_it_was(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration(job_id="job-1"))
        assert (committed.version, committed.file_count) == (1, 3)
        digest = committed.checkpoint_digest
        manifest = await team.GetManifest(pb.GetManifestRequest(team_id=TEAM, checkpoint_digest=digest))
        assert digest == hashlib.sha256(manifest.piece).hexdigest()
        assert manifest.size_bytes == len(manifest.piece)
        paths = [file["path"] for file in json.loads(manifest.piece)["files"]]
        assert paths == ["README.md", "config.json", "model.safetensors"]
        assert await fetched(team, digest) == files_of(folder)
        of_job = await team.GetCheckpoint(pb.GetCheckpointRequest(team_id=TEAM, job_id="job-1"))
        assert of_job.checkpoint.checkpoint_digest == digest
        for version in (0, 1):
            request = pb.GetCheckpointRequest(team_id=TEAM, model="solar", version=version)
            assert (await team.GetCheckpoint(request)).checkpoint.checkpoint_digest == digest
        for request in (
            pb.GetCheckpointRequest(team_id=TEAM, job_id="job-2"),
            pb.GetCheckpointRequest(team_id=TEAM, model="solar", version=2),
        ):
            with pytest.raises(Refused) as refusal:
                await team.GetCheckpoint(request)
            assert refusal.value.status is grpc.StatusCode.NOT_FOUND


async def test_a_second_push_of_the_same_bytes_sends_nothing_and_is_a_new_version(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        first = await (await RawUpload.begin(team)).push(files, declaration())
        again = await RawUpload.begin(team)
        second = await again.push(files, declaration())
    assert again.sent == 0
    assert (first.version, second.version) == (1, 2)
    assert first.checkpoint_digest != second.checkpoint_digest


async def test_who_repeats_a_push_without_knowing_how_the_last_one_ended_makes_no_second_version(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        first, second = [await RawUpload.begin(team) for _ in range(2)]
        for upload in (first, second):
            await upload.send(files)
            await upload.list([listed(path, data) for path, data in files.items()])
            # The first one is still being verified.
            await upload.commit(declaration(), unless_same=True)
        ended = [await upload.ended() for upload in (first, second)]
        assert ended[0].checkpoint_digest == ended[1].checkpoint_digest
        other = await (await RawUpload.begin(team)).push(files, declaration(seed=2), unless_same=True)
        assert (ended[0].version, other.version) == (1, 2)
        # It is compared with the latest version and with no other.
        back = await (await RawUpload.begin(team)).push(files, declaration(), unless_same=True)
        assert back.version == 3


async def test_parts_that_did_not_change_are_not_sent_again(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint", rows=1000)
    files = files_of(folder)
    changed = dict(files)
    weights = bytearray(files["model.safetensors"])
    weights[-1] ^= 1
    changed["model.safetensors"] = bytes(weights)
    async with registry.client("consortium", team=TEAM) as team:
        first = await RawUpload.begin(team)
        await first.send(files, part_bytes=4096)
        await first.list([listed(path, data) for path, data in files.items()])
        await first.commit(declaration(rows=1000))
        await first.ended()
        second = await RawUpload.begin(team)
        await second.send(changed, part_bytes=4096)
        await second.list([listed(path, data) for path, data in changed.items()])
        await second.commit(declaration(rows=1000))
        committed = await second.ended()
        assert second.sent <= 4096
        assert await fetched(team, committed.checkpoint_digest) == changed


async def test_a_new_upload_finds_the_parts_that_a_broken_one_brought(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint", seed=31, rows=1000))
    weights = files["model.safetensors"]
    async with registry.client("consortium", team=TEAM) as team:
        broken = await RawUpload.begin(team)
        await broken.send({"model.safetensors": weights[:16384]}, part_bytes=4096)
        again = await RawUpload.begin(team)
        await again.send(files, part_bytes=4096)
        assert again.sent == sum(map(len, files.values())) - 16384
        parts = cut("model.safetensors", weights, 4096)
        digests = [part.sha256 for part in parts]
        assert len(await again.targets(digests)) == len(digests) - 4
        assert await again.targets(digests, again=True) == []


async def test_a_repeated_commit_gives_the_same_answer_and_another_declaration_is_refused(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        committed = await upload.push(files, declaration())
        again = await upload.commit(declaration())
        assert again.checkpoint.checkpoint_digest == committed.checkpoint_digest
        with pytest.raises(Refused) as refusal:
            await upload.commit(declaration(seed=2))
        assert refusal.value.code == "UPLOAD_COMMITTED_OTHERWISE"
        with pytest.raises(Refused) as refusal:
            await upload.list([listed("LICENSE", b"")])
        assert refusal.value.code == "UPLOAD_CLOSED"
    assert (await registry.events()).count("CheckpointCommitted") == 1


async def test_who_pushes_at_the_same_time_may_ask_not_to_pass_another(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        assert (await put_all(team, folder, declaration(), latest_version=0)).version == 1
        with pytest.raises(Refused) as refusal:
            await put_all(team, folder, declaration(), latest_version=0)
        assert (refusal.value.code, refusal.value.facts["actual"]) == ("VERSION_MOVED_ON", "1")
        assert (await put_all(team, folder, declaration(), latest_version=1)).version == 2


async def test_a_job_makes_one_checkpoint(registry: RunningRegistry, tmp_path: Path) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        folder = checkpoint_folder(tmp_path / "a")
        first = await put_all(team, folder, declaration(job_id="job-1"))
        again = await put_all(team, folder, declaration(job_id="job-1"))
        assert again.checkpoint_digest == first.checkpoint_digest
        with pytest.raises(Refused) as refusal:
            await put_all(team, checkpoint_folder(tmp_path / "b", seed=2), declaration(job_id="job-1"))
    assert refusal.value.code == "JOB_HAS_CHECKPOINT"


async def test_a_truncated_safetensors_file_is_refused_with_its_sizes_and_nothing_is_published(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    async with registry.client("consortium", team=TEAM) as team:
        with pytest.raises(Refused) as refusal:
            await put_all(team, folder, declaration())
        assert refusal.value.code == "CHECKPOINT_FILE_TRUNCATED"
        assert refusal.value.facts["field"] == "model.safetensors"
        assert refusal.value.facts["value"] == str(len(whole) - 100)
        assert str(len(whole)) in refusal.value.facts["rule"]
        assert (await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=TEAM))).checkpoints == []
        weights.write_bytes(whole)
        assert (await put_all(team, folder, declaration())).version == 1
    assert (await registry.events()).count("CheckpointCommitted") == 1


@pytest.mark.parametrize("worth_several_bytes", [0, 2**30])
async def test_a_part_that_never_arrived_is_named(
    registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch, worth_several_bytes: int
) -> None:
    monkeypatch.setattr(verifying, "_WORTH_SEVERAL_BYTES", worth_several_bytes)
    files = {"config.json": b"{}", "model.safetensors": b"never sent"}
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send({"config.json": b"{}"})
        await upload.declare(cut("model.safetensors", files["model.safetensors"]))
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(declaration())
        with pytest.raises(Refused) as refusal:
            await upload.ended()
    assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_FILE_MISSING", "model.safetensors")


async def test_parts_that_make_up_no_file_are_refused_at_once(registry: RunningRegistry) -> None:
    data = b"0123456789"
    for wrong, value in ((cut("x.safetensors", data)[:0], "0"), (cut("x.safetensors", data, 4)[1:], "4")):
        async with registry.client("consortium", team=TEAM) as team:
            upload = await RawUpload.begin(team)
            await upload.send({"config.json": b"{}"})
            await upload.declare(wrong)
            await upload.list([listed("config.json", b"{}"), listed("x.safetensors", data)])
            with pytest.raises(Refused) as refusal:
                await upload.commit(declaration())
        assert (refusal.value.code, refusal.value.facts["value"]) == ("CHECKPOINT_PARTS_INCOMPLETE", value)


async def test_a_team_stores_no_more_than_its_quota(tmp_path: Path, fresh_database_url: str, s3: S3Access) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    size = sum(map(len, files.values()))
    async with (
        running_registry(tmp_path, fresh_database_url, s3, quota_bytes=size + 10) as registry,
        registry.client("consortium", team=TEAM) as team,
    ):
        await (await RawUpload.begin(team)).push(files, declaration())
        # The same bytes count once.
        await (await RawUpload.begin(team)).push(files, declaration())
        upload = await RawUpload.begin(team)
        await upload.declare(cut("a.txt", b"0123456789"))
        with pytest.raises(Refused) as refusal:
            await upload.declare(cut("b.txt", b"x"))
        assert (refusal.value.code, refusal.value.facts["value"]) == ("QUOTA_EXCEEDED", str(size + 11))
        usage = await team.GetUsage(pb.GetUsageRequest(team_id=TEAM))
    assert (usage.stored_bytes, usage.pending_bytes, usage.quota_bytes) == (size, 10, size + 10)


async def test_a_wrong_number_of_parameters_is_refused(registry: RunningRegistry, tmp_path: Path) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        with pytest.raises(Refused) as refusal:
            await put_all(team, checkpoint_folder(tmp_path / "checkpoint"), declaration(parameters=999))
    assert (refusal.value.code, refusal.value.facts["value"]) == ("PARAMETERS_DIFFER", "999")


async def test_an_unknown_parent_is_refused(registry: RunningRegistry, tmp_path: Path) -> None:
    edge = pb.LineageEdge(component="model", owner="own", kind="weights", parent="a" * 64)
    async with registry.client("consortium", team=TEAM) as team:
        with pytest.raises(Refused) as refusal:
            await put_all(team, checkpoint_folder(tmp_path / "checkpoint"), declaration(lineage=[edge]))
    assert (refusal.value.code, refusal.value.facts["value"]) == ("NOT_FOUND", "a" * 64)


async def test_a_team_sees_its_own_checkpoints_only(registry: RunningRegistry, tmp_path: Path) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        digest = (await put_all(team, checkpoint_folder(tmp_path / "a"), declaration(job_id="job-1"))).checkpoint_digest
    async with registry.client("consortium", team="kt") as other:
        for call in (
            other.GetCheckpoint(pb.GetCheckpointRequest(team_id="kt", checkpoint_digest=digest)),
            other.GetCheckpoint(pb.GetCheckpointRequest(team_id="kt", job_id="job-1")),
            other.ListFiles(pb.ListFilesRequest(team_id="kt", checkpoint_digest=digest)),
            other.ListParts(pb.ListPartsRequest(team_id="kt", checkpoint_digest=digest)),
            other.GetManifest(pb.GetManifestRequest(team_id="kt", checkpoint_digest=digest)),
            other.GetCheckpoint(pb.GetCheckpointRequest(team_id="kt", model="solar")),
        ):
            with pytest.raises(Refused) as refusal:
                await call
            assert refusal.value.status is grpc.StatusCode.NOT_FOUND
        with pytest.raises(Refused) as refusal:
            await other.GetCheckpoint(pb.GetCheckpointRequest(team_id=TEAM, checkpoint_digest=digest))
        assert refusal.value.status is grpc.StatusCode.PERMISSION_DENIED
        assert (await other.ListCheckpoints(pb.ListCheckpointsRequest(team_id="kt"))).checkpoints == []
    async with registry.client("service") as service:
        found = (await service.GetCheckpoint(pb.GetCheckpointRequest(checkpoint_digest=digest))).checkpoint
        assert found.team_id == TEAM
        parts = (await service.ListParts(pb.ListPartsRequest(checkpoint_digest=digest))).parts
        assert [source.part.path for source in parts] == ["README.md", "config.json", "model.safetensors"]


async def test_checkpoints_are_listed_in_order_of_commit_by_pages(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        for _ in range(3):
            await put_all(team, folder, declaration())
        versions, token = [], ""
        while True:
            page = await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=TEAM, page_size=2, page_token=token))
            versions.append([checkpoint.version for checkpoint in page.checkpoints])
            token = page.next_page_token
            if not token:
                break
    assert versions == [[1, 2], [3]]


async def test_pushes_at_the_same_time_get_versions_of_their_own(registry: RunningRegistry, tmp_path: Path) -> None:
    folders = [checkpoint_folder(tmp_path / str(seed), seed=seed) for seed in range(4)]
    async with registry.client("consortium", team=TEAM) as team:
        done = await asyncio.gather(*(put_all(team, folder, declaration()) for folder in folders))
    assert sorted(checkpoint.version for checkpoint in done) == [1, 2, 3, 4]


async def test_a_committed_checkpoint_is_named_once_although_the_catalogue_was_away(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    registry.names.away = [TransientError("away")]
    async with registry.client("consortium", team=TEAM) as team:
        digest = (await put_all(team, checkpoint_folder(tmp_path / "a"), declaration())).checkpoint_digest
        for _ in range(200):
            request = pb.GetCheckpointRequest(team_id=TEAM, checkpoint_digest=digest)
            found = (await team.GetCheckpoint(request)).checkpoint
            if found.mlflow_version:
                break
            await asyncio.sleep(0.05)
    assert found.mlflow_version == "1"
    assert [version.tags["dokpamo.checkpoint_digest"] for version in registry.names.kept[f"{TEAM}.solar"].values()] == [
        digest
    ]
    assert (await registry.events())[-2:] == ["CheckpointCommitted", "CheckpointNamed"]


async def test_checkpoints_that_declare_much_are_fewer_on_a_page(registry: RunningRegistry, tmp_path: Path) -> None:
    much = [
        pb.LineageEdge(
            component=f"part {number}", owner="third-party", kind="code", parent="p" * 250, evidence=["e" * 250] * 16
        )
        for number in range(64)
    ]
    async with registry.client("consortium", team=TEAM) as team:
        for seed in range(5):
            await put_all(team, checkpoint_folder(tmp_path / str(seed), seed=seed), declaration(lineage=much))
        versions, token = [], ""
        while True:
            page = await team.ListCheckpoints(
                pb.ListCheckpointsRequest(team_id=TEAM, page_token=token, newest_first=True)
            )
            assert page.ByteSize() < 2**21
            versions.append([checkpoint.version for checkpoint in page.checkpoints])
            token = page.next_page_token
            if not token:
                break
    assert versions == [[5, 4, 3], [2, 1]]
