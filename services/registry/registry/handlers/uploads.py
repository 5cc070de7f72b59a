"""Uploads: begun, verified and committed whole, or refused by name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from common.errors import NotFoundError
from weights.safetensors import CheckpointFileTruncatedError

from registry.domain.checkpoint import (
    Checkpoint,
    Declaration,
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
    Content,
    FileInspection,
    check_parameters,
    content_of,
)
from registry.domain.listing import check_listing, check_size
from registry.domain.manifest import identity, manifest_json
from registry.domain.upload import FileMissingError, JobHasCheckpointError, PutTarget, UploadCommittedOtherwiseError
from registry.handlers.ports import URL_LIFETIME, Verified, blob_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry.handlers.ports import Checkpoints, Objects

_LOOKED_FOR_AT_ONCE: Final = 16


async def begin_upload(
    checkpoints: Checkpoints, objects: Objects, team_id: TeamId, model: str, files: Sequence[FileEntry]
) -> tuple[Upload, list[PutTarget]]:
    """Open an upload; return it with a target for each file whose bytes the registry lacks.

    Raises what `check_model`, `check_listing` and `check_size` raise.
    """
    check_model(model)
    check_listing(files)
    upload = Upload(UploadId(str(uuid4())), team_id, model, tuple(sorted(files, key=lambda file: file.path)))
    known = {each.sha256: each.size_bytes for each in await checkpoints.verified(team_id, _digests(upload))}
    for file in upload.files:
        check_size(file, known.get(file.sha256, file.size_bytes))
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
    upload = await _own_upload(checkpoints, team_id, upload_id)
    if declaration.job_id:
        await checkpoints.lock_job(team_id, declaration.job_id)
    committed = await _committed_before(checkpoints, upload, declaration)
    if committed is not None:
        return committed
    for parent in own_parents(declaration):
        if await checkpoints.checkpoint(parent, team_id) is None:
            raise NotFoundError("declaration.lineage.parent", parent)
    known = await _verified_parameters(checkpoints, upload)
    for file in upload.files:
        if _key(file) not in known:
            verified = await inspect(objects, team_id, file)
            await checkpoints.add_verified(team_id, verified)
            known[_key(file)] = verified.parameters
    check_parameters(declaration.parameters, [known[_key(file)] for file in upload.files])
    return await _publish(checkpoints, upload, declaration)


async def _own_upload(checkpoints: Checkpoints, team_id: TeamId, upload_id: UploadId) -> Upload:
    upload = await checkpoints.upload(upload_id)
    if upload is None or upload.team_id != team_id:
        raise NotFoundError("upload_id", upload_id)
    return upload


def _digests(upload: Upload) -> list[str]:
    return [file.sha256 for file in upload.files]


def _key(file: FileEntry) -> tuple[str, Content]:
    return file.sha256, content_of(file.path)


async def _verified_parameters(checkpoints: Checkpoints, upload: Upload) -> dict[tuple[str, Content], int]:
    verified = await checkpoints.verified(upload.team_id, _digests(upload))
    return {(each.sha256, each.content): each.parameters for each in verified}


async def _committed_before(checkpoints: Checkpoints, upload: Upload, declaration: Declaration) -> Checkpoint | None:
    if upload.checkpoint_digest is not None:
        kept = await checkpoints.checkpoint(upload.checkpoint_digest, upload.team_id)
        if kept is None or kept.declaration != declaration:
            raise UploadCommittedOtherwiseError(upload.upload_id, upload.checkpoint_digest)
        return kept
    if not declaration.job_id:
        return None
    # A job that was started again after a fault trains the same bytes once more: they are the checkpoint it has.
    for kept in await checkpoints.checkpoints_of_job(declaration.job_id, upload.team_id):
        if (kept.model, kept.files) != (upload.model, upload.files):
            raise JobHasCheckpointError(declaration.job_id, kept.checkpoint_digest)
        return kept
    return None


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
        return Verified(file.sha256, content_of(file.path), file.size_bytes, inspection.finish())
    except NotFoundError as error:
        raise FileMissingError(file.path) from error
    except (CheckpointFileDiffersError, CheckpointFileTruncatedError):
        # Left there, wrong bytes would count as arrived at the next attempt. Right ones stay whatever is said of them:
        # a checkpoint may be made of them.
        if inspection.sha256 != file.sha256:
            await objects.discard(key)
        raise
