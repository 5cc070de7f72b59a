"""What is pushed stays what it is said to be, whoever says otherwise, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest
from client.sdk.checkpoints import patiently, pull, push
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb

from tests.builders.registry_service import (
    TEAM,
    begin,
    checkpoint_folder,
    commit,
    declaration,
    listing,
    put_all,
    send,
)

if TYPE_CHECKING:
    from pathlib import Path

    from client.sdk.transfer import Moved
    from client.stack.single import SinglePart

    from tests.builders.registry_service import RunningRegistry


async def test_a_url_takes_the_declared_bytes_and_no_others_also_after_the_commit(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient() as http:
        begun = await team.BeginUpload(begin(TEAM, files))
        await send(http, begun.targets, folder)
        committed = (await team.CommitUpload(commit(TEAM, begun.upload_id, declaration()))).checkpoint
        for target in begun.targets:
            good = (folder / target.path).read_bytes()
            for wrong in (good[:-1], bytes(len(good))):
                headers = {**target.headers, "content-length": str(len(wrong))}
                assert (await http.put(target.url, content=wrong, headers=headers)).is_client_error
            assert (await http.put(target.url, content=bytes(len(good)))).is_client_error
        await pull(team, committed.checkpoint_digest, tmp_path / "back", team_id=TEAM)


async def test_wrong_bytes_in_the_store_are_named_removed_and_can_be_sent_again(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    readme = next(file for file in files if file.path == "README.md")
    async with registry.client("consortium", team=TEAM) as team:
        begun = await team.BeginUpload(begin(TEAM, files))
        for path in folder.iterdir():
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            await registry.objects.write(f"blobs/{TEAM}/{sha256}", path.read_bytes())
        await registry.objects.write(f"blobs/{TEAM}/{readme.sha256}", bytes(readme.size_bytes))
        with pytest.raises(Refused) as refusal:
            await team.CommitUpload(commit(TEAM, begun.upload_id, declaration()))
        assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_FILE_DIFFERS", "README.md")
        assert (await put_all(team, folder, declaration())).version == 1


async def test_bytes_verified_as_a_text_are_inspected_again_as_weights(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    (folder / "notes.txt").write_bytes(b"no tensors at all")
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, folder, declaration())
        (folder / "notes.txt").rename(folder / "more.safetensors")
        with pytest.raises(Refused) as refusal:
            await put_all(team, folder, declaration())
    assert refusal.value.code in {"SAFETENSORS_REFUSED", "CHECKPOINT_FILE_TRUNCATED"}
    assert refusal.value.facts["field"].startswith("more.safetensors")


async def test_the_same_bytes_may_be_listed_as_weights_and_as_a_text(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    (folder / "copy.txt").write_bytes((folder / "model.safetensors").read_bytes())
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration())
        again = await put_all(team, folder, declaration())
        await pull(team, again.checkpoint_digest, tmp_path / "back", team_id=TEAM)
    assert (committed.version, again.version) == (1, 2)


async def test_a_false_size_of_committed_bytes_is_refused_and_takes_nothing_away(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    weights = next(file for file in files if file.path == "model.safetensors")
    true_size = weights.size_bytes
    async with registry.client("consortium", team=TEAM) as team:
        weights.size_bytes = true_size + 1
        early = await team.BeginUpload(begin(TEAM, files))
        committed = await put_all(team, folder, declaration())
        with pytest.raises(Refused) as refusal:
            await team.BeginUpload(begin(TEAM, files))
        assert (refusal.value.code, refusal.value.facts["value"]) == ("FIELD_INVALID", str(true_size + 1))
        assert str(true_size) in refusal.value.facts["rule"]
        await team.CommitUpload(commit(TEAM, early.upload_id, declaration()))
        await pull(team, committed.checkpoint_digest, tmp_path / "back", team_id=TEAM)


async def test_a_false_size_of_bytes_that_are_not_committed_yet_takes_nothing_away(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient() as http:
        good = await team.BeginUpload(begin(TEAM, files))
        await send(http, good.targets, folder)
        for wrong in (-1, 1):
            false = [pb.CheckpointFile(path=f.path, size_bytes=f.size_bytes + wrong, sha256=f.sha256) for f in files]
            begun = await team.BeginUpload(begin(TEAM, false))
            with pytest.raises(Refused) as refusal:
                await team.CommitUpload(commit(TEAM, begun.upload_id, declaration()))
            assert refusal.value.code in {"CHECKPOINT_FILE_DIFFERS", "CHECKPOINT_FILE_TRUNCATED"}
        assert (await team.CommitUpload(commit(TEAM, good.upload_id, declaration()))).checkpoint.version == 1


async def test_another_team_that_names_a_job_takes_nothing_away_from_it(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    async with registry.client("consortium", team="kt") as other:
        folder = checkpoint_folder(tmp_path / "theirs", seed=5)
        theirs = await push(other, folder, team_id="kt", model="solar", declaration=declaration(job_id="job-1"))
    async with registry.client("consortium", team=TEAM) as team:
        ours = await put_all(team, checkpoint_folder(tmp_path / "ours"), declaration(job_id="job-1"))
    async with registry.client("service") as service:
        for owner, committed in (("kt", theirs), (TEAM, ours)):
            found = await service.GetCheckpoint(pb.GetCheckpointRequest(team_id=owner, job_id="job-1"))
            assert found.checkpoint.checkpoint_digest == committed.checkpoint_digest
        with pytest.raises(Refused) as refusal:
            await service.GetCheckpoint(pb.GetCheckpointRequest(job_id="job-1"))
    assert (refusal.value.code, refusal.value.facts["field"]) == ("FIELD_INVALID", "team_id")


async def test_two_commits_of_one_job_at_the_same_moment_are_one_checkpoint(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        done = await asyncio.gather(*(put_all(team, folder, declaration(job_id="job-1")) for _ in range(5)))
    assert len({checkpoint.checkpoint_digest for checkpoint in done}) == 1
    assert (await registry.events()).count("CheckpointCommitted") == 1


async def test_a_push_waits_while_the_store_is_away_and_is_one_checkpoint(
    registry: RunningRegistry, tmp_path: Path, s3_part: SinglePart
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient() as http:
        begun = await team.BeginUpload(begin(TEAM, files))
        await send(http, begun.targets, folder)
        asked = commit(TEAM, begun.upload_id, declaration())
        s3_part.kill()
        try:
            for call in (team.BeginUpload(begin(TEAM, files), timeout=5), team.CommitUpload(asked, timeout=5)):
                with pytest.raises(Refused) as refusal:
                    await call
                assert refusal.value.status in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
            assert (await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=TEAM))).checkpoints == []
        finally:
            await asyncio.to_thread(s3_part.start)
        committed = (await patiently(lambda: team.CommitUpload(asked))).checkpoint
        again = (await team.CommitUpload(asked)).checkpoint
    assert (committed.version, again) == (1, committed)
    assert (await registry.events()).count("CheckpointCommitted") == 1


async def test_the_same_bytes_of_two_teams_are_kept_apart(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint", seed=77)
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, folder, declaration())
    sent: list[Moved] = []
    async with registry.client("consortium", team="kt") as other:
        await push(other, folder, team_id="kt", model="solar", declaration=declaration(), progress=sent.append)
    assert "model.safetensors" in {moved.path for moved in sent}


async def test_what_is_committed_cannot_be_changed_in_the_database(registry: RunningRegistry, tmp_path: Path) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, checkpoint_folder(tmp_path / "a"), declaration())
    for statement in ("UPDATE checkpoints SET version = 9", "DELETE FROM blobs", "TRUNCATE blobs"):
        with pytest.raises(Exception, match="immutable"):
            async with registry.database.transaction() as tx:
                await tx.execute(statement)
