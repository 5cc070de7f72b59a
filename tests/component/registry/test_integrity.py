"""What is pushed stays what it is said to be, whoever says otherwise, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb

from tests.builders.registry_service import (
    TEAM,
    RawUpload,
    checkpoint_folder,
    cut,
    declaration,
    fetched,
    files_of,
    listed,
    listing,
    put_all,
)

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.single import SinglePart

    from tests.builders.registry_service import RunningRegistry


async def committed(upload: RawUpload) -> pb.Checkpoint:
    """What an upload becomes; raises `Refused` at once or later."""
    await upload.commit(declaration())
    return await upload.ended()


async def test_a_url_takes_the_declared_bytes_and_no_others_also_after_the_commit(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient(timeout=60) as http:
        upload = await RawUpload.begin(team)
        by_digest = {part.sha256: data for path, data in files.items() for part in cut(path, data)}
        digests = await upload.declare([part for path, data in files.items() for part in cut(path, data)])
        targets = await upload.targets(digests)
        assert len(targets) == len(files)
        for target in targets:
            put = await http.put(target.url, content=by_digest[target.sha256], headers=dict(target.headers))
            assert put.is_success
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(declaration())
        kept = await upload.ended()
        for target in targets:
            good = by_digest[target.sha256]
            for wrong in (good[:-1], bytes(len(good))):
                headers = {**target.headers, "content-length": str(len(wrong))}
                assert (await http.put(target.url, content=wrong, headers=headers)).is_client_error
            assert (await http.put(target.url, content=bytes(len(good)))).is_client_error
        assert await fetched(team, kept.checkpoint_digest) == files


async def test_wrong_bytes_in_the_store_are_named_removed_and_can_be_sent_again(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send(files)
        readme = files["README.md"]
        await registry.objects.write(f"blobs/{TEAM}/{hashlib.sha256(readme).hexdigest()}", bytes(len(readme)))
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(declaration())
        with pytest.raises(Refused) as refusal:
            await upload.ended()
        assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_PART_DAMAGED", "README.md")
        again = await RawUpload.begin(team)
        assert (await again.push(files, declaration())).version == 1
        assert again.sent == len(readme)


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


async def test_bytes_verified_as_weights_are_inspected_again_as_a_text(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, folder, declaration())
        (folder / "copy.txt").write_bytes((folder / "model.safetensors").read_bytes())
        with pytest.raises(Refused) as refusal:
            await put_all(team, folder, declaration())
    assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_CONTENT_REFUSED", "copy.txt")


async def test_the_same_bytes_may_be_listed_as_json_and_as_a_text(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    (folder / "copy.txt").write_bytes((folder / "config.json").read_bytes())
    (folder / "generation_config.json").write_bytes((folder / "config.json").read_bytes())
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration())
        again = await put_all(team, folder, declaration())
        assert await fetched(team, again.checkpoint_digest) == files_of(folder)
    assert (committed.version, again.version) == (1, 2)


async def test_a_false_size_of_committed_bytes_is_refused_and_takes_nothing_away(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    files = listing(folder)
    weights = next(file for file in files if file.path == "model.safetensors")
    true_size = weights.size_bytes
    weights.size_bytes = true_size + 1
    async with registry.client("consortium", team=TEAM) as team:
        early = await RawUpload.begin(team)
        await early.send(files_of(folder))
        await early.list(files)
        committed = await put_all(team, folder, declaration())
        late = await RawUpload.begin(team)
        with pytest.raises(Refused) as refusal:
            await late.list(files)
        assert (refusal.value.code, refusal.value.facts["value"]) == ("FIELD_INVALID", str(true_size + 1))
        assert str(true_size) in refusal.value.facts["rule"]
        with pytest.raises(Refused) as refusal:
            await early.commit(declaration())
        assert refusal.value.code == "CHECKPOINT_PARTS_INCOMPLETE"
        assert await fetched(team, committed.checkpoint_digest) == files_of(folder)


async def test_a_false_digest_or_size_of_bytes_that_are_not_committed_yet_takes_nothing_away(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        good = await RawUpload.begin(team)
        await good.send(files)
        await good.list([listed(path, data) for path, data in files.items()])
        for wrong, size in (("0" * 64, 0), (None, -1), (None, 1)):
            false = await RawUpload.begin(team)
            await false.send(files)
            listing = [listed(path, data) for path, data in files.items()]
            for file in listing:
                file.sha256 = wrong or file.sha256
                file.size_bytes += size
                if wrong:
                    break
            await false.list(listing)
            with pytest.raises(Refused) as refusal:
                await committed(false)
            assert refusal.value.code in {"CHECKPOINT_FILE_DIFFERS", "CHECKPOINT_PARTS_INCOMPLETE"}
        assert (await committed(good)).version == 1


async def test_another_team_that_names_a_job_takes_nothing_away_from_it(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    async with registry.client("consortium", team="kt") as other:
        folder = checkpoint_folder(tmp_path / "theirs", seed=5)
        theirs = await put_all(other, folder, declaration(job_id="job-1"), team_id="kt")
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


async def test_a_commit_waits_while_the_store_is_away_and_is_one_checkpoint(
    registry: RunningRegistry, tmp_path: Path, s3_part: SinglePart
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint", seed=41))
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send(files)
        await upload.list([listed(path, data) for path, data in files.items()])
        s3_part.kill()
        try:
            # The commit itself asks the database alone; what is read back waits for the store.
            assert (await upload.commit(declaration())).state == pb.UPLOAD_STATE_VERIFYING
            asked = pb.GetUploadRequest(team_id=TEAM, upload_id=upload.upload_id)
            assert (await team.GetUpload(asked)).upload.state == pb.UPLOAD_STATE_VERIFYING
            assert (await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=TEAM))).checkpoints == []
        finally:
            await asyncio.to_thread(s3_part.start)
        committed = await upload.ended()
        again = (await upload.commit(declaration())).checkpoint
    assert (committed.version, again.checkpoint_digest) == (1, committed.checkpoint_digest)
    assert (await registry.events()).count("CheckpointCommitted") == 1


async def test_the_same_bytes_of_two_teams_are_kept_apart(registry: RunningRegistry, tmp_path: Path) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint", seed=77))
    async with registry.client("consortium", team=TEAM) as team:
        await (await RawUpload.begin(team)).push(files, declaration())
    async with registry.client("consortium", team="kt") as other:
        upload = await RawUpload.begin(other, "kt")
        await upload.push(files, declaration())
    assert upload.sent == sum(map(len, files.values()))


async def test_what_is_committed_cannot_be_changed_in_the_database(registry: RunningRegistry, tmp_path: Path) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, checkpoint_folder(tmp_path / "a"), declaration())
    for statement in (
        "UPDATE checkpoints SET version = 9",
        "DELETE FROM blobs",
        "TRUNCATE blobs",
        "UPDATE parts SET size_bytes = 1",
        "DELETE FROM blob_parts",
        "UPDATE checkpoint_files SET path = 'a'",
    ):
        with pytest.raises(Exception, match="immutable"):
            async with registry.database.transaction() as tx:
                await tx.execute(statement)
