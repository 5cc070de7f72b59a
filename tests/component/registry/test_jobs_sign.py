"""What a training job pushes is signed with the key that its team has put where its jobs run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from client.sdk import signing as keys
from client.sdk.checkpoints import checkpoint_of_job
from dokpamo.registry.v1 import service_pb2 as pb
from scale_model.commands import train_and_push
from scale_model.job import JobInvalidError, training_job
from training.domain.job import GpuSource, Job, JobId, JobSpec, JobState, TeamId
from training.store.ray_cluster import RayCluster
from weights import signing

from tests.builders.registry_service import TEAM
from tests.component.registry.test_signatures import register, retire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders.registry_service import RunningRegistry


class Submitted:
    """A cluster that keeps what it is to run."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}

    async def submit(self, _id: str, _entrypoint: str, environment: dict[str, str], **_resources: Any) -> None:
        self.environment = environment


async def environment_of(registry: RunningRegistry, job_id: str, folder: Path) -> dict[str, str]:
    """What the program of a job finds, as the service hands it to the cluster."""
    spec = JobSpec(JobId(job_id), TeamId(TEAM), "2025-h2", "solar", 1, 600, GpuSource.OWN, 7, 2, 0, "")
    one = Job(replace(spec, hidden_units=32), JobState.RUNNING, datetime.now(UTC), attempt=1)
    submitted = Submitted()
    token = registry.issuer.issue(f"job:{job_id}", ["consortium"], TEAM)
    cluster = RayCluster(submitted, registry.address, lambda _: token, folder)  # type: ignore[arg-type]  # it takes jobs, and no more
    await cluster.start(one)
    return submitted.environment


async def pushed(registry: RunningRegistry, job_id: str) -> pb.Checkpoint | None:
    async with registry.client("consortium", team=TEAM) as team:
        return await checkpoint_of_job(team, TEAM, job_id)


async def test_a_job_signs_with_the_key_that_its_team_has_put_there(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()

    async def run(job_id: str) -> pb.Checkpoint:
        await train_and_push(training_job(await environment_of(registry, job_id, folder)))
        made = await pushed(registry, job_id)
        assert made is not None
        return made

    # A team without a key pushes as ever.
    assert not (await run("unsigned")).HasField("signature")
    desk, own = tmp_path / "desk.pem", folder / f"{TEAM}.pem"
    keys.new_key(desk)
    await register(registry, desk)
    with pytest.raises(JobInvalidError) as missing:
        await run("early")
    assert (missing.value.field, missing.value.value) == ("signing_key_file", str(own))
    keys.new_key(own)
    with pytest.raises(JobInvalidError, match="is registered"):
        await run("early")
    assert await pushed(registry, "early") is None
    key = await register(registry, own)
    made = await run("signed")
    assert made.signature.key_id == key.key_id
    async with registry.client("staff") as staff:
        manifest = await staff.GetManifest(
            pb.GetManifestRequest(team_id=TEAM, checkpoint_digest=made.checkpoint_digest)
        )
    assert signing.verify_manifest(manifest.piece, key.public_key).key_id == key.key_id
    assert json.loads(manifest.piece)["declaration"]["job_id"] == "signed"
    # The job's key is retired by itself; the one at the desk goes on.
    await retire(registry, key.key_id)
    with pytest.raises(JobInvalidError, match="is registered"):
        await run("late")
    own.write_text("no key")
    with pytest.raises(JobInvalidError, match="must hold a key"):
        await run("late")
