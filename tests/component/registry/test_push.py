"""A push, against a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

import grpc
import pytest
from client.sdk.checkpoints import checkpoint_of_job, pull, push
from common.errors import Refused, TransientError
from dokpamo.registry.v1 import service_pb2 as pb

from tests.builders.registry_service import (
    TEAM,
    begin,
    checkpoint_folder,
    commit,
    declaration,
    listed,
    put_all,
)

if TYPE_CHECKING:
    from pathlib import Path

    from client.sdk.transfer import Moved

    from tests.builders.registry_service import RunningRegistry


async def test_a_pushed_checkpoint_comes_back_as_it_was(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration(job_id="job-1"))
        assert committed.version == 1
        assert committed.checkpoint_digest == hashlib.sha256(committed.manifest_json).hexdigest()
        listed_files = [file["path"] for file in json.loads(committed.manifest_json)["files"]]
        assert listed_files == ["README.md", "config.json", "model.safetensors"]
        await pull(team, committed.checkpoint_digest, tmp_path / "back", team_id=TEAM)
        of_job = await checkpoint_of_job(team, TEAM, "job-1")
        assert of_job is not None
        assert of_job.checkpoint_digest == committed.checkpoint_digest
        assert await checkpoint_of_job(team, TEAM, "job-2") is None
    for path in folder.iterdir():
        assert (tmp_path / "back" / path.name).read_bytes() == path.read_bytes()


async def test_a_second_push_of_the_same_bytes_sends_nothing_and_is_a_new_version(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        first = await put_all(team, folder, declaration())
        sent: list[Moved] = []
        second = await push(team, folder, team_id=TEAM, model="solar", declaration=declaration(), progress=sent.append)
    assert sent == []
    assert (first.version, second.version) == (1, 2)
    assert first.checkpoint_digest != second.checkpoint_digest


async def test_a_repeated_commit_gives_the_same_answer_and_another_declaration_is_refused(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration())
        async with registry.database.transaction() as tx:
            upload_id = str(await tx.fetchval("SELECT upload_id FROM uploads"))
        again = (await team.CommitUpload(commit(TEAM, upload_id, declaration()))).checkpoint
        assert again.checkpoint_digest == committed.checkpoint_digest
        with pytest.raises(Refused) as refusal:
            await team.CommitUpload(commit(TEAM, upload_id, declaration(seed=2)))
    assert refusal.value.code == "UPLOAD_COMMITTED_OTHERWISE"
    assert (await registry.events()).count("CheckpointCommitted") == 1


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


async def test_a_file_that_never_arrived_is_named(registry: RunningRegistry) -> None:
    files = [listed("config.json", b"{}"), listed("model.safetensors", b"never sent")]
    async with registry.client("consortium", team=TEAM) as team:
        begun = await team.BeginUpload(begin(TEAM, files))
        assert {target.path for target in begun.targets} == {"config.json", "model.safetensors"}
        with pytest.raises(Refused) as refusal:
            await team.CommitUpload(commit(TEAM, begun.upload_id, declaration()))
    assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_FILE_MISSING", "config.json")


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
            other.GetDownload(pb.GetDownloadRequest(team_id="kt", checkpoint_digest=digest)),
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
        sources = (await service.GetDownload(pb.GetDownloadRequest(checkpoint_digest=digest))).sources
        assert len(sources) == 3


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
    assert [tags["dokpamo.checkpoint_digest"] for tags in registry.names.versions[f"{TEAM}.solar"]] == [digest]
    assert (await registry.events())[-2:] == ["CheckpointCommitted", "CheckpointNamed"]
