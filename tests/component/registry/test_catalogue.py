"""Names follow the tables, and who writes behind our back is noticed, on a real PostgreSQL and S3; names in memory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from common.errors import Refused, TransientError
from dokpamo.registry.v1 import integrity_pb2
from registry.domain.catalogue import IDENTITY_TAG, Version
from registry.domain.checkpoint import Digest, TeamId
from registry.domain.outcome import Outcome, StageOutcome
from registry.handlers import ALIASING, MARKING, NAMING
from registry.store.catalogue import CatalogueStore
from registry.store.checkpoints import CheckpointStore
from registry.store.outcomes import OutcomeStore
from registry.store.upkeep import NamesChecker, ObjectsChecker

from tests.builders.delivery import eventually
from tests.builders.registry_service import TEAM, RawUpload, checkpoint_folder, declaration, files_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dokpamo.registry.v1 import service_pb2 as pb
    from registry.domain.catalogue import Difference

    from tests.builders.registry_service import RunningRegistry

SERVICE = "dokpamo.registry.v1.IntegrityService"
MODEL = f"{TEAM}.solar"
ALWAYS = timedelta(0)


async def pushed(registry: RunningRegistry, tmp_path: Path, models: Sequence[str] = ("solar",)) -> list[pb.Checkpoint]:
    """Small checkpoints, one a model named, each with its name."""
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    async with registry.client("consortium", team=TEAM) as team:
        found = [await (await RawUpload.begin(team, TEAM, model)).push(files, declaration()) for model in models]
    await settled(registry)
    return found


async def settled(registry: RunningRegistry) -> None:
    """Until no task is left that changes names."""

    async def done() -> bool:
        async with registry.database.transaction(readonly=True) as tx:
            busy = "SELECT EXISTS (SELECT 1 FROM task WHERE kind = ANY($1) AND state IN ('queued', 'running'))"
            return not await tx.fetchval(busy, [NAMING, ALIASING, MARKING])

    await eventually(done)


async def checked(registry: RunningRegistry) -> list[Difference]:
    """What is open after a check of the names."""
    await NamesChecker(registry.database, registry.names, ALWAYS).do()
    return await still_open(registry)


async def still_open(registry: RunningRegistry) -> list[Difference]:
    async with registry.database.transaction() as tx:
        found, _ = await CatalogueStore(tx).differences(None, 500, 0, only_open=True)
        return [noted.difference for noted in found]


async def ended(registry: RunningRegistry, stage: str, outcome: Outcome, of: pb.Checkpoint, version: int = 1) -> None:
    """Keep how a stage ended for the team."""
    async with registry.database.transaction() as tx:
        digest = Digest(of.checkpoint_digest)
        await OutcomeStore(tx).keep(TeamId(TEAM), digest, StageOutcome(stage, outcome, version))
    await settled(registry)


async def test_candidate_is_the_last_version_and_champion_the_one_with_which_the_team_advanced_last(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    names, other = registry.names, f"{TEAM}.solar-open"
    first, second, third = await pushed(registry, tmp_path, ("solar", "solar", "solar-open"))
    assert names.aliases == {(MODEL, "candidate"): "2", (other, "candidate"): "1"}
    await ended(registry, "stage-1", Outcome.ADVANCED, first)
    assert names.aliases[MODEL, "champion"] == "1"
    await ended(registry, "stage-2", Outcome.ADVANCED, third)
    assert (MODEL, "champion") not in names.aliases
    assert names.aliases[other, "champion"] == "1"
    await ended(registry, "stage-3", Outcome.ELIMINATED, second)
    assert names.aliases[other, "champion"] == "1"
    # Decided otherwise: what was proved last is the stage before.
    await ended(registry, "stage-2", Outcome.ELIMINATED, third, version=2)
    assert names.aliases[MODEL, "champion"] == "1"
    assert (other, "champion") not in names.aliases
    assert await checked(registry) == []


async def test_each_version_has_a_run_that_says_how_it_was_made(registry: RunningRegistry, tmp_path: Path) -> None:
    (committed,) = await pushed(registry, tmp_path)
    version = registry.names.kept[MODEL][1]
    run = registry.names.runs[version.run_id]
    assert run.tags[IDENTITY_TAG] == committed.checkpoint_digest
    assert run.parameters == {"seed": "1", "period": "2025-h2", "parameters": "168", "licence": "Apache-2.0"}


async def test_who_writes_behind_our_back_is_noticed_and_names_are_put_right(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    names = registry.names
    first, second = await pushed(registry, tmp_path, ("solar", "solar"))
    assert await checked(registry) == []
    good = names.kept[MODEL][1]
    names.kept[MODEL][1] = replace(
        good, source="s3://elsewhere/x", stage="Production", tags={**good.tags, "dokpamo.period": "2031-h1"}
    )
    names.kept[MODEL][3] = Version("3", "s3://elsewhere/y", {IDENTITY_TAG: "f" * 64})
    names.kept[MODEL][4] = Version("4", "s3://elsewhere/z", {})
    names.kept["somebody.else"] = {1: Version("1", "s3://elsewhere/z", {})}
    names.aliases[MODEL, "candidate"] = "1"
    names.aliases[MODEL, "best"] = "4"
    await names.set_tags(MODEL, "2", {"dokpamo.stage-1.outcome": "advanced", "note": "anybody may write this"})
    found = {(each.kind.value, each.subject, each.field, each.found, each.repaired) for each in await checked(registry)}
    assert found == {
        ("source-changed", f"{MODEL}/1", "source", "s3://elsewhere/x", False),
        ("stage-set", f"{MODEL}/1", "stage", "Production", False),
        ("tag-changed", f"{MODEL}/1", "dokpamo.period", "2031-h1", True),
        ("tag-foreign", f"{MODEL}/2", "dokpamo.stage-1.outcome", "advanced", False),
        ("version-foreign", f"{MODEL}/3", IDENTITY_TAG, "f" * 64, False),
        ("version-foreign", f"{MODEL}/4", IDENTITY_TAG, "", False),
        ("model-foreign", "somebody.else", "", "somebody.else", False),
        ("alias-moved", MODEL, "candidate", "1", True),
        ("alias-foreign", MODEL, "best", "4", False),
    }
    assert names.kept[MODEL][1].tags == good.tags
    assert names.aliases[MODEL, "candidate"] == "2"
    # What is put right is gone at the next check, what is foreign is told once and left alone.
    assert {each.kind.value for each in await checked(registry) if each.repaired} == set()
    assert names.aliases[MODEL, "best"] == "4"
    assert set(names.kept[MODEL]) == {1, 2, 3, 4}
    assert (await registry.events()).count("RegistryDiffered") == len(found)
    assert first.checkpoint_digest != second.checkpoint_digest


async def test_a_version_that_was_deleted_is_made_again_and_the_checkpoint_knows_its_new_number(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    names = registry.names
    _, second = await pushed(registry, tmp_path, ("solar", "solar"))
    del names.kept[MODEL][2]
    del names.aliases[MODEL, "candidate"]
    (missing,) = await checked(registry)
    assert (missing.kind.value, missing.subject, missing.repaired) == ("version-missing", f"{MODEL}/2", True)
    assert names.kept[MODEL][3].tags[IDENTITY_TAG] == second.checkpoint_digest
    async with registry.database.transaction() as tx:
        kept = await CheckpointStore(tx).checkpoint(Digest(second.checkpoint_digest), None)
        assert kept is not None
        assert kept.mlflow_version == "3"
    (alias,) = await checked(registry)
    assert (alias.kind.value, alias.expected, alias.repaired) == ("alias-moved", "3", True)
    assert await checked(registry) == []


async def test_a_whole_model_that_was_deleted_is_made_again(registry: RunningRegistry, tmp_path: Path) -> None:
    names = registry.names
    await pushed(registry, tmp_path, ("solar", "solar"))
    before = [version.tags for version in names.kept.pop(MODEL).values()]
    names.aliases.clear()
    for _ in range(2):
        await checked(registry)
    assert await checked(registry) == []
    assert [version.tags for version in names.kept[MODEL].values()] == before
    assert names.aliases == {(MODEL, "candidate"): "4"}


async def test_a_model_is_not_judged_while_a_task_changes_its_names(registry: RunningRegistry, tmp_path: Path) -> None:
    await pushed(registry, tmp_path)
    registry.names.aliases.clear()
    async with registry.database.transaction() as tx:
        later = tx.now + timedelta(days=1)
        await tx.enqueue("mark-outcome", "stage-1", {"team_id": TEAM}, run_at=later)
    assert await checked(registry) == []
    async with registry.database.transaction() as tx:
        await tx.execute("DELETE FROM task WHERE kind = 'mark-outcome'")
    assert [each.kind.value for each in await checked(registry)] == ["alias-moved"]


async def test_objects_that_nobody_knows_are_told_and_left_and_documents_are_written_again(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    (committed,) = await pushed(registry, tmp_path)
    checker = ObjectsChecker(registry.database, registry.objects, ALWAYS)
    await checker.do()
    assert await still_open(registry) == []
    stray = f"blobs/{TEAM}/{hashlib.sha256(b'stray').hexdigest()}"
    await registry.objects.write(stray, b"stray")
    folder = f"manifests/{TEAM}/solar/{committed.checkpoint_digest}"
    await registry.objects.write(f"{folder}/manifest.json", b"{}")
    await registry.objects.discard(f"{folder}/layout.json")
    await checker.do()
    assert [(each.kind.value, each.subject, each.repaired) for each in await still_open(registry)] == [
        ("object-foreign", stray, False),
        ("manifest-differs", f"{folder}/layout.json", True),
        ("manifest-differs", f"{folder}/manifest.json", True),
    ]
    await registry.objects.discard(stray)
    await checker.do()
    assert await still_open(registry) == []


async def test_a_part_that_is_not_in_the_list_of_objects_is_read_soon(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    await pushed(registry, tmp_path)
    config = hashlib.sha256((tmp_path / "checkpoint" / "config.json").read_bytes()).hexdigest()
    await registry.objects.discard(f"blobs/{TEAM}/{config}")
    await ObjectsChecker(registry.database, registry.objects, ALWAYS).do()
    async with registry.database.transaction() as tx:
        asked = await tx.fetch("SELECT sha256 FROM part_reads WHERE asked_at IS NOT NULL")
    assert [row["sha256"] for row in asked] == [config]


async def test_objects_of_many_teams_and_pages_are_all_compared(
    registry: RunningRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.store.objects._PAGE", 2)
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    # A store may list "kt" before "kt-2" or after it.
    for name in ("kt", "kt-2", "lg"):
        async with registry.client("consortium", team=name) as team:
            await (await RawUpload.begin(team, name)).push(files, declaration())
    await settled(registry)
    checker = ObjectsChecker(registry.database, registry.objects, ALWAYS)
    await checker.do()
    assert await still_open(registry) == []
    async with registry.database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM part_reads WHERE asked_at IS NOT NULL") == 0
    for sha256 in (hashlib.sha256(data).hexdigest() for data in files.values()):
        await registry.objects.discard(f"blobs/lg/{sha256}")
    await registry.objects.discard(f"blobs/kt/{max(hashlib.sha256(data).hexdigest() for data in files.values())}")
    await checker.do()
    async with registry.database.transaction() as tx:
        asked = await tx.fetch(
            "SELECT team_id, count(*) AS parts FROM part_reads WHERE asked_at IS NOT NULL GROUP BY 1"
        )
    assert {row["team_id"]: row["parts"] for row in asked} == {"kt": 1, "lg": 3}


async def test_a_check_while_mlflow_is_away_is_made_later(registry: RunningRegistry, tmp_path: Path) -> None:
    await pushed(registry, tmp_path)
    checker = NamesChecker(registry.database, registry.names, timedelta(hours=1))
    registry.names.away = [TransientError("away")]
    with pytest.raises(TransientError):
        await checker.do()
    registry.names.aliases[MODEL, "best"] = "1"
    await checker.do()
    assert [each.kind.value for each in await still_open(registry)] == ["alias-foreign"]
    # It has been made: the next one is in an hour.
    registry.names.aliases[MODEL, "worst"] = "1"
    await checker.do()
    assert len(await still_open(registry)) == 1


async def test_integrity_is_told_to_everybody_in_numbers_and_to_a_team_of_its_own(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    (committed,) = await pushed(registry, tmp_path)
    registry.names.aliases[MODEL, "best"] = "1"
    registry.names.kept["somebody.else"] = {}
    await checked(registry)
    async with registry.client("public", service=SERVICE) as anyone:
        told = await anyone.GetIntegrity(integrity_pb2.GetIntegrityRequest())
        assert (told.parts, told.damaged_parts, told.waiting_parts) == (3, 0, 0)
        (check,) = told.checks
        assert (check.name, check.checked, check.open_differences) == ("names", 1, 2)
    async with registry.client("consortium", team=TEAM, service=SERVICE) as team:
        (own,) = (await team.ListDifferences(integrity_pb2.ListDifferencesRequest(team_id=TEAM))).differences
        assert (own.kind, own.subject, own.field, own.found) == ("alias-foreign", MODEL, "best", "1")
        with pytest.raises(Refused):
            await team.ListDifferences(integrity_pb2.ListDifferencesRequest(team_id="kt"))
    async with registry.client("staff", service=SERVICE) as staff:
        listed = await staff.ListDifferences(integrity_pb2.ListDifferencesRequest())
        assert len(listed.differences) == 2
        request = integrity_pb2.StartScrubRequest(
            request_id=str(uuid4()), checkpoint_digest=committed.checkpoint_digest
        )
        assert (await staff.StartScrub(request)).parts == 3
        assert (await staff.GetIntegrity(integrity_pb2.GetIntegrityRequest())).waiting_parts == 3
        with pytest.raises(Refused):
            await staff.StartScrub(integrity_pb2.StartScrubRequest(request_id=str(uuid4()), checkpoint_digest="a" * 64))
