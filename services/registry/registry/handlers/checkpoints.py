"""Committed checkpoints: named in the catalogue, looked up, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError

from registry.domain.checkpoint import Checkpoint, Digest, RegistryFieldError, TeamId
from registry.domain.upload import GetSource
from registry.handlers.ports import URL_LIFETIME, blob_key

if TYPE_CHECKING:
    from datetime import datetime

    from registry.handlers.ports import Checkpoints, ModelNames, Objects

NAMING: Final = "name-checkpoint"
"""Kind of the task and of the process that give a committed checkpoint its name in MLflow."""


def checkpoint_prefix(checkpoint: Checkpoint) -> str:
    """Return the key prefix under which a checkpoint's manifest lies."""
    return f"manifests/{checkpoint.team_id}/{checkpoint.model}/{checkpoint.checkpoint_digest}"


async def name_checkpoint(checkpoint: Checkpoint, objects: Objects, names: ModelNames, bucket: str) -> tuple[str, str]:
    """Write the manifest beside the bytes and give the checkpoint its name; return the name's model and version.

    It is safe to repeat: the same manifest is written, and the version is found by its digest.
    """
    prefix = checkpoint_prefix(checkpoint)
    await objects.write(f"{prefix}/manifest.json", checkpoint.manifest)
    model = f"{checkpoint.team_id}.{checkpoint.model}"
    tags = {
        "dokpamo.checkpoint_digest": checkpoint.checkpoint_digest,
        "dokpamo.job_id": checkpoint.declaration.job_id,
        "dokpamo.period": checkpoint.declaration.period,
        "dokpamo.version": str(checkpoint.version),
    }
    version = await names.ensure_version(model, f"s3://{bucket}/{prefix}", tags)
    return model, version


async def find_checkpoint(
    checkpoints: Checkpoints, team_id: TeamId | None, digest: Digest, job_id: str = ""
) -> Checkpoint:
    """Return a checkpoint by its digest or by the job that made it; another team's does not exist for a team.

    Raises `NotFoundError`, and `RegistryFieldError` where several teams name the job and no team is asked for.
    """
    if job_id and not digest:
        of_job = await checkpoints.checkpoints_of_job(job_id, team_id)
        if not of_job:
            raise NotFoundError("job_id", job_id)
        if len(of_job) > 1:
            raise RegistryFieldError("team_id", "", f"must be named: {len(of_job)} teams have a checkpoint of this job")
        return of_job[0]
    found = await checkpoints.checkpoint(digest, team_id)
    if found is None:
        raise NotFoundError("checkpoint_digest", digest)
    return found


def sources(checkpoint: Checkpoint, objects: Objects) -> tuple[list[GetSource], datetime]:
    """Return where each file of `checkpoint` is read, and until when."""
    found = [
        GetSource(file, objects.presign_get(blob_key(checkpoint.team_id, file.sha256), URL_LIFETIME))
        for file in checkpoint.files
    ]
    return found, objects.expiry(URL_LIFETIME)
