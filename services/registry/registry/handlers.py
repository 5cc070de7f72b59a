"""What the registry does: begin an upload, commit it, name it, look things up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from common.errors import NotFoundError

from registry.domain.checkpoint import (
    Checkpoint,
    Declaration,
    Digest,
    FileEntry,
    TeamId,
    Upload,
    UploadId,
    check_declaration,
    check_model,
    own_parents,
)
from registry.domain.inspection import (
    CheckpointFileDiffersError,
    FileInspection,
    check_parameters,
)
from registry.domain.listing import check_listing
from registry.domain.manifest import identity, manifest_json
from registry.domain.safetensors import CheckpointFileTruncatedError
from registry.domain.upload import (
    FileMissingError,
    GetSource,
    JobHasCheckpointError,
    PutTarget,
    UploadCommittedOtherwiseError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

URL_LIFETIME: Final = timedelta(minutes=30)
"""How long a presigned URL holds: long enough for one file, short enough to be worthless soon."""

NAMING: Final = "name-checkpoint"
"""Kind of the task and of the process that give a committed checkpoint its name in MLflow."""

_LOOKED_FOR_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Verified:
    """A file whose bytes were read back and hold: nothing can change them any more."""

    file: FileEntry
    parameters: int


class Objects(Protocol):
    """The object store. A key once verified is never written again."""

    def presign_put(self, key: str, file: FileEntry, lifetime: timedelta) -> PutTarget:
        """Return a URL by which exactly the bytes of `file` can be put at `key`, and no others."""
        ...

    def presign_get(self, key: str, lifetime: timedelta) -> str:
        """Return a URL to read `key`."""
        ...

    def expiry(self, lifetime: timedelta) -> datetime:
        """Return when a URL made now ends (UTC, wall clock)."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the bytes at `key` in chunks; raise `NotFoundError` if there are none."""
        ...

    async def size(self, key: str) -> int | None:
        """Return the size in bytes of what is at `key`; `None` if there is nothing."""
        ...

    async def discard(self, key: str) -> None:
        """Remove what is at `key`, if anything."""
        ...

    async def write(self, key: str, data: bytes) -> str:
        """Put `data` at `key`; return its "s3://" address."""
        ...


class ModelNames(Protocol):
    """The catalogue of names that people know models by."""

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str]) -> str:
        """Return the version of `model` with these `tags`, made if it is missing; `source` says where it lies."""
        ...


class Checkpoints(Protocol):
    """What the registry remembers, inside one transaction."""

    now: datetime

    async def add_upload(self, upload: Upload) -> None:
        """Keep a new upload."""
        ...

    async def upload(self, upload_id: UploadId) -> Upload | None:
        """Return an upload, locked until the transaction ends."""
        ...

    async def verified(self, team_id: TeamId, digests: Sequence[str]) -> dict[str, int]:
        """Return those of `digests` whose bytes of this team are verified, with their numbers of parameters."""
        ...

    async def add_verified(self, team_id: TeamId, files: Sequence[Verified]) -> None:
        """Remember that these files hold."""
        ...

    async def lock_model(self, team_id: TeamId, model: str) -> int:
        """Hold the team's model until the transaction ends; return its next version."""
        ...

    async def add_checkpoint(self, checkpoint: Checkpoint, upload_id: UploadId) -> None:
        """Keep a new checkpoint, publish that it is committed, and have it named."""
        ...

    async def checkpoint(self, digest: Digest, team_id: TeamId | None) -> Checkpoint | None:
        """Return a checkpoint; only the team's own where `team_id` is given."""
        ...

    async def checkpoint_of_job(self, job_id: str, team_id: TeamId | None) -> Checkpoint | None:
        """Return the checkpoint that a job made; only the team's own where `team_id` is given."""
        ...

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Checkpoint], int | None]:
        """Return up to `size` checkpoints committed after position `after`, and where the next page starts."""
        ...

    async def add_name(self, digest: Digest, mlflow_model: str, mlflow_version: str) -> None:
        """Keep the name of a checkpoint and publish it."""
        ...


def blob_key(team_id: TeamId, sha256: str) -> str:
    """Return the object key of a team's bytes."""
    return f"blobs/{team_id}/{sha256}"


def checkpoint_prefix(checkpoint: Checkpoint) -> str:
    """Return the key prefix under which a checkpoint's manifest lies."""
    return f"manifests/{checkpoint.team_id}/{checkpoint.model}/{checkpoint.checkpoint_digest}"


async def begin_upload(
    checkpoints: Checkpoints, objects: Objects, team_id: TeamId, model: str, files: Sequence[FileEntry]
) -> tuple[Upload, list[PutTarget]]:
    """Open an upload; return it with a target for each file whose bytes the registry lacks.

    Raises what `check_model` and `check_listing` raise.
    """
    check_model(model)
    check_listing(files)
    upload = Upload(UploadId(str(uuid4())), team_id, model, tuple(sorted(files, key=lambda file: file.path)))
    known = await checkpoints.verified(team_id, [file.sha256 for file in files])
    unknown = {file.sha256: file for file in upload.files if file.sha256 not in known}
    arrived = await _arrived(objects, team_id, list(unknown.values()))
    await checkpoints.add_upload(upload)
    return upload, [
        objects.presign_put(blob_key(team_id, digest), file, URL_LIFETIME)
        for digest, file in unknown.items()
        if digest not in arrived
    ]


async def _arrived(objects: Objects, team_id: TeamId, files: Sequence[FileEntry]) -> set[str]:
    """Return the digests of those files whose bytes lie in the store already, from a push that broke off."""
    gate = asyncio.Semaphore(_LOOKED_FOR_AT_ONCE)

    async def is_there(file: FileEntry) -> bool:
        async with gate:
            return await objects.size(blob_key(team_id, file.sha256)) == file.size_bytes

    found = await asyncio.gather(*(is_there(file) for file in files))
    return {file.sha256 for file, there in zip(files, found, strict=True) if there}


async def commit_upload(
    checkpoints: Checkpoints, objects: Objects, team_id: TeamId, upload_id: UploadId, declaration: Declaration
) -> Checkpoint:
    """Verify every file of an upload and publish the checkpoint, or refuse it by name; a repeat gives the same answer.

    Raises `NotFoundError`, `UploadCommittedOtherwiseError`, `JobHasCheckpointError`, `FileMissingError` and everything
    that inspection raises.
    """
    check_declaration(declaration)
    upload = await checkpoints.upload(upload_id)
    if upload is None or upload.team_id != team_id:
        raise NotFoundError("upload_id", upload_id)
    committed = await _committed_before(checkpoints, upload, declaration)
    if committed is not None:
        return committed
    for parent in own_parents(declaration):
        if await checkpoints.checkpoint(parent, team_id) is None:
            raise NotFoundError("declaration.lineage.parent", parent)
    known = await checkpoints.verified(team_id, [file.sha256 for file in upload.files])
    fresh = [await inspect(objects, team_id, file) for file in upload.files if file.sha256 not in known]
    counted = known | {one.file.sha256: one.parameters for one in fresh}
    check_parameters(declaration.parameters, [counted[file.sha256] for file in upload.files])
    await checkpoints.add_verified(team_id, fresh)
    return await _publish(checkpoints, upload, declaration)


async def _committed_before(checkpoints: Checkpoints, upload: Upload, declaration: Declaration) -> Checkpoint | None:
    if upload.checkpoint_digest is not None:
        kept = await checkpoints.checkpoint(upload.checkpoint_digest, upload.team_id)
        if kept is None or kept.declaration != declaration:
            raise UploadCommittedOtherwiseError(upload.upload_id, upload.checkpoint_digest)
        return kept
    if not declaration.job_id:
        return None
    # A job that was started again after a fault trains the same bytes once more: they are the checkpoint it has.
    kept = await checkpoints.checkpoint_of_job(declaration.job_id, None)
    if kept is not None and (kept.team_id, kept.model, kept.files) != (upload.team_id, upload.model, upload.files):
        raise JobHasCheckpointError(declaration.job_id, kept.checkpoint_digest)
    return kept


async def _publish(checkpoints: Checkpoints, upload: Upload, declaration: Declaration) -> Checkpoint:
    version = await checkpoints.lock_model(upload.team_id, upload.model)
    manifest = manifest_json(upload.team_id, upload.model, version, upload.files, declaration)
    checkpoint = Checkpoint(
        checkpoint_digest=identity(manifest),
        team_id=upload.team_id,
        model=upload.model,
        version=version,
        files=upload.files,
        declaration=declaration,
        committed_at=checkpoints.now,
        manifest=manifest,
    )
    await checkpoints.add_checkpoint(checkpoint, upload.upload_id)
    return checkpoint


async def inspect(objects: Objects, team_id: TeamId, file: FileEntry) -> Verified:
    """Read the bytes of `file` back and return what they hold; bytes that are not the declared ones are removed."""
    key = blob_key(team_id, file.sha256)
    inspection = FileInspection(file)
    try:
        async for chunk in objects.read(key):
            inspection.feed(chunk)
        return Verified(file, inspection.finish())
    except NotFoundError as error:
        raise FileMissingError(file.path) from error
    except (CheckpointFileDiffersError, CheckpointFileTruncatedError):
        # Left there, wrong bytes would count as arrived at the next attempt. Where they are the declared ones after all
        # and only their content breaks a rule, the next attempt simply sends them again.
        await objects.discard(key)
        raise


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
    """Return a checkpoint by its digest or by the job that made it; another team's does not exist for a team."""
    if job_id and not digest:
        found = await checkpoints.checkpoint_of_job(job_id, team_id)
        if found is None:
            raise NotFoundError("job_id", job_id)
        return found
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
