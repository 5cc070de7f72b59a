"""Committed checkpoints: looked up and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError

from registry.domain.checkpoint import Checkpoint, Digest, RegistryFieldError, TeamId
from registry.handlers.ports import URL_LIFETIME, part_key

if TYPE_CHECKING:
    from registry.domain.parts import Part
    from registry.handlers.ports import Checkpoints, Objects

_NONE: Final = Digest("")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which checkpoint is asked for: by its digest, by the job that made it, or by model and version (0: the last)."""

    digest: Digest = _NONE
    job_id: str = ""
    model: str = ""
    version: int = 0


async def find_checkpoint(checkpoints: Checkpoints, team_id: TeamId | None, wanted: Wanted) -> Checkpoint:
    """Return a checkpoint; another team's does not exist for a team.

    Raises `NotFoundError`, and `RegistryFieldError` where not exactly one thing is asked for, or a job or a model needs
    a team that is not named.
    """
    given = [name for name in ("digest", "job_id", "model") if getattr(wanted, name)]
    if len(given) != 1:
        raise RegistryFieldError(
            "checkpoint_digest", wanted.digest, "must be given, or else either job_id or model, and nothing beside"
        )
    if wanted.job_id:
        return await _of_job(checkpoints, team_id, wanted.job_id)
    if wanted.model:
        return await _of_version(checkpoints, team_id, wanted)
    found = await checkpoints.checkpoint(wanted.digest, team_id)
    if found is None:
        raise NotFoundError("checkpoint_digest", wanted.digest)
    return found


async def _of_job(checkpoints: Checkpoints, team_id: TeamId | None, job_id: str) -> Checkpoint:
    of_job = await checkpoints.of_job(job_id, team_id)
    if not of_job:
        raise NotFoundError("job_id", job_id)
    if len(of_job) > 1:
        raise RegistryFieldError("team_id", "", f"must be named: {len(of_job)} teams have a checkpoint of this job")
    return of_job[0]


async def _of_version(checkpoints: Checkpoints, team_id: TeamId | None, wanted: Wanted) -> Checkpoint:
    if team_id is None:
        raise RegistryFieldError("team_id", "", "must be named beside a model: names of models are each team's own")
    found = await checkpoints.of_version(team_id, wanted.model, wanted.version)
    if found is None:
        raise NotFoundError("model", f"{wanted.model}@{wanted.version or 'latest'}")
    return found


def source(checkpoint: Checkpoint, part: Part, objects: Objects) -> str:
    """Return the URL by which a part of `checkpoint` is read for a while."""
    return objects.presign_get(part_key(checkpoint.team_id, part.sha256), URL_LIFETIME)
