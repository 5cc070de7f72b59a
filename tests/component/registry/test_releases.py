"""Releases, against a real PostgreSQL and a real S3: made, withdrawn, found, and licences accepted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from uuid import uuid4

import grpc
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import releases_pb2 as pb

from tests.builders.registry_service import TEAM
from tests.builders.release_hub import MODEL, RunningHub, accepted, model_files, pushed, released

if TYPE_CHECKING:
    from pathlib import Path

    from common.grpc import Client


def withdrawal(release: pb.Release, reason: str = "a file was not ours") -> pb.WithdrawReleaseRequest:
    return pb.WithdrawReleaseRequest(
        request_id=str(uuid4()), team_id=release.team_id, checkpoint_digest=release.checkpoint_digest, reason=reason
    )


async def found(client: Client, revision: str = "", **changes: str) -> pb.GetReleaseResponse:
    usual = {"team_id": TEAM, "model": MODEL, "revision": revision}
    answer: pb.GetReleaseResponse = await client.GetRelease(pb.GetReleaseRequest(**usual | changes))
    return answer


async def refusal_of(client: Client, revision: str = "", **changes: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        await found(client, revision, **changes)
    return refusal.value


async def test_what_is_released_is_found_by_name_version_digest_and_stage(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    first, second = await pushed(hub.registry, files), await pushed(hub.registry, files)
    async with hub.releases(team=TEAM) as team, hub.releases("reader") as reader:
        assert (await refusal_of(reader)).status is grpc.StatusCode.NOT_FOUND
        release = await released(team, first)
        assert (release.version, release.gated, release.licence) == (1, False, "Apache-2.0")
        assert (release.licence_path, release.licence_sha256) == (
            "LICENSE",
            hashlib.sha256(files["LICENSE"]).hexdigest(),
        )
        assert (release.file_count, release.size_bytes) == (first.file_count, first.size_bytes)
        for revision in ("", "main", "v1", first.checkpoint_digest):
            answer = await found(reader, revision)
            assert (answer.release, answer.readable) == (release, True)
        # The second version is there, and nobody can tell.
        for revision in ("v2", second.checkpoint_digest, "stage-1", "champion"):
            assert (await refusal_of(reader, revision)).facts == (await refusal_of(reader, "v77")).facts
        await released(team, second)
        assert (await found(reader)).release.version == 2
        async with hub.registry.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO stage_outcomes VALUES ('stage-1', $1, $2, 'advanced', 1, now())",
                TEAM,
                first.checkpoint_digest,
            )
        for alias in ("stage-1", "champion"):
            assert (await found(reader, alias)).release.version == 1
        pages = []
        token = ""
        while True:
            page = await reader.ListReleases(pb.ListReleasesRequest(team_id=TEAM, page_size=1, page_token=token))
            pages.append([each.version for each in page.releases])
            token = page.next_page_token
            if not token:
                break
        assert pages == [[2], [1]]
    assert (await hub.registry.events()).count("CheckpointReleased") == 2


async def test_a_release_is_made_once_on_its_terms(hub: RunningHub, tmp_path: Path) -> None:
    checkpoint = await pushed(hub.registry, model_files(tmp_path / "model"))
    async with hub.releases(team=TEAM) as team:
        release = await released(team, checkpoint, gated=True)
        assert await released(team, checkpoint, gated=True, licence_path="LICENSE") == release
        with pytest.raises(Refused) as refusal:
            await released(team, checkpoint)
        assert refusal.value.code == "RELEASED_OTHERWISE"
    assert (await hub.registry.events()).count("CheckpointReleased") == 1


async def test_a_gated_release_needs_a_text_that_can_be_accepted(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    del files["LICENSE"]
    checkpoint = await pushed(hub.registry, files)
    async with hub.releases(team=TEAM) as team:
        with pytest.raises(Refused) as refusal:
            await released(team, checkpoint, gated=True)
        assert (refusal.value.code, refusal.value.facts["field"]) == ("LICENCE_TEXT_MISSING", "licence_path")
        with pytest.raises(Refused) as refusal:
            await released(team, checkpoint, licence_path="LICENSE")
        assert (refusal.value.code, refusal.value.facts["value"]) == ("FIELD_INVALID", "LICENSE")
        named = await released(team, checkpoint, gated=True, licence_path="README.md")
        assert named.licence_sha256 == hashlib.sha256(files["README.md"]).hexdigest()


async def test_a_team_releases_and_withdraws_its_own_only(hub: RunningHub, tmp_path: Path) -> None:
    checkpoint = await pushed(hub.registry, model_files(tmp_path / "model"))
    async with hub.releases(team="kt") as other, hub.releases(team=TEAM) as team:
        theirs = type(checkpoint)(team_id="kt", checkpoint_digest=checkpoint.checkpoint_digest)
        nobodys = type(checkpoint)(team_id="kt", checkpoint_digest="0" * 64)
        refusals = []
        for wanted in (theirs, nobodys):
            with pytest.raises(Refused) as refusal:
                await released(other, wanted)
            refusals.append((refusal.value.code, refusal.value.status))
        assert refusals == [("NOT_FOUND", grpc.StatusCode.NOT_FOUND)] * 2
        release = await released(team, checkpoint)
        release.team_id = "kt"
        with pytest.raises(Refused) as refusal:
            await other.WithdrawRelease(withdrawal(release))
        assert refusal.value.code == "NOT_FOUND"


async def test_what_is_withdrawn_stays_known_and_is_not_released_again(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    first, second = await pushed(hub.registry, files), await pushed(hub.registry, files)
    async with hub.releases(team=TEAM) as team, hub.releases("reader") as reader:
        await released(team, first)
        last = await released(team, second)
        with pytest.raises(Refused) as refusal:
            await team.WithdrawRelease(withdrawal(last, " "))
        assert refusal.value.facts["field"] == "reason"
        withdrawn = (await team.WithdrawRelease(withdrawal(last))).release
        assert withdrawn.withdrawal.reason == "a file was not ours"
        assert (await found(reader)).release.version == 1
        told = await found(reader, "v2")
        assert (told.release, told.readable) == (withdrawn, False)
        with pytest.raises(Refused) as refusal:
            await released(team, second)
        assert refusal.value.code == "RELEASE_WITHDRAWN"
    assert (await hub.registry.events())[-1] == "CheckpointWithdrawn"


async def test_a_licence_is_accepted_by_its_text_once_for_all_versions_with_it(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    first, second = await pushed(hub.registry, files), await pushed(hub.registry, files)
    third = await pushed(hub.registry, files | {"LICENSE": b"You may read this if you smile.\n"})
    async with hub.releases(team=TEAM) as team, hub.releases("reader") as reader, hub.releases("other") as other:
        release = await released(team, first, gated=True)
        await released(team, second, gated=True)
        await released(team, third, gated=True)
        assert not (await found(reader)).readable
        assert (await found(team)).readable
        for changes in ({"licence_sha256": "0" * 64}, {"team_id": "kt"}, {"model": "lunar"}):
            with pytest.raises(Refused) as refusal:
                await accepted(reader, release, **changes)
            assert refusal.value.code == "NOT_FOUND"
        since = await accepted(reader, release)
        assert await accepted(reader, release) == since
        assert [(await found(reader, f"v{version}")).readable for version in (1, 2, 3)] == [True, True, False]
        assert not (await found(other, "v1")).readable
    async with hub.registry.database.transaction() as tx:
        row = await tx.fetchrow("SELECT * FROM acceptances")
    assert row is not None
    assert (row["subject"], row["licence_sha256"]) == ("reader", release.licence_sha256)


async def test_what_is_released_and_accepted_cannot_be_changed_in_the_database(hub: RunningHub, tmp_path: Path) -> None:
    async with hub.releases(team=TEAM) as team:
        await released(team, await pushed(hub.registry, model_files(tmp_path / "model")))
    for table in ("releases", "withdrawals", "acceptances"):
        with pytest.raises(Exception, match="immutable"):
            async with hub.registry.database.transaction() as tx:
                await tx.execute(f"DELETE FROM {table}")
