"""Verification: every file of an upload is read back and checked, and the checkpoint is published whole, or refused."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from common.errors import TransientError
from weights.manifest import identity, manifest_json, statement_json, statement_of

from registry.domain.checkpoint import MOST_FINDINGS, Checkpoint, Digest, Finding
from registry.domain.inspection import check_parameters, content_of
from registry.domain.integrity import DamageKind
from registry.domain.upload import (
    FileMissingError,
    JobHasCheckpointError,
    PartDamagedError,
    UploadState,
    VersionMovedOnError,
)
from registry.handlers.ports import part_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from registry.domain.checkpoint import UploadId
    from registry.domain.upload import Asked, Refusal, Upload
    from registry.handlers.ports import Checkpoints, Inspector, Located, Objects, Uploads, Verified

    Open = Callable[[], AbstractAsyncContextManager[tuple[Uploads, Checkpoints]]]

READERS: Final = 2
"""Files of an upload that are read at a time: while one reader waits for the store, the other hashes."""
_WORTH_SEVERAL_BYTES: Final = 2**27

VERIFYING: Final = "verify-upload"
"""Kind of the task that reads an upload's files back and publishes the checkpoint."""


class ReadRefusedError(Exception):
    """What was read is refused, as the reader says."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the `refusal`."""
        super().__init__(refusal.message)
        self.refusal = refusal


class ReaderDiedError(TransientError):
    """The process that reads ended in the middle of it."""

    def __init__(self, status: int | None) -> None:
        """Keep the exit `status`."""
        super().__init__(f"the reader ended with {status}")
        self.status = status


class StoreAwayWhileReadingError(TransientError):
    """The object store was away while files were read back."""

    def __init__(self, problem: str) -> None:
        """Keep the `problem` in words."""
        super().__init__(f"the object store is away: {problem}")
        self.problem = problem


class DamagedPartError(Exception):
    """The object store does not give the bytes that a part has by its SHA-256."""

    def __init__(self, path: str, offset_bytes: int, sha256: str, kind: DamageKind) -> None:
        """Keep the file's `path`, where in it the part begins, the part's `sha256` and the `kind` of damage."""
        super().__init__(f"{path}: the part at byte {offset_bytes} is damaged in the store: {kind.value}")
        self.kind = kind
        self.path = path
        self.offset_bytes = offset_bytes
        self.sha256 = sha256


@dataclass(frozen=True, slots=True)
class Ready:
    """An upload whose files all hold, to be published in one transaction."""

    upload: Upload
    asked: Asked
    files: tuple[Located, ...]
    findings: tuple[Finding, ...]


async def verify(upload_id: UploadId, opened: Open, inspector: Inspector, objects: Objects) -> Ready | None:
    """Read what is not verified yet; return what is ready for publication, `None` where there is nothing to do.

    `opened` gives a transaction of its own each time: what is verified stays so after a crash. Raises
    `ReadRefusedError`, `PartDamagedError`, `ParametersDifferError` and `TransientError`.
    """
    async with opened() as (uploads, _):
        upload = await uploads.upload(upload_id)
        if upload is None or upload.state is not UploadState.VERIFYING or upload.asked is None:
            return None
        files = await uploads.located(upload, await uploads.files(upload))
        known = _by_content([*await uploads.known(upload.team_id, _digests(files)), *await uploads.verified(upload)])
    unread = _once([each for each in files if (each.file.sha256, content_of(each.file.path)) not in known])
    try:
        async with asyncio.TaskGroup() as readers:
            for some in _shares(unread):
                readers.create_task(_read(some, upload, opened, inspector, known))
    except BaseExceptionGroup as group:
        # The others were ended for it.
        first = group.exceptions[0]
        if isinstance(first, DamagedPartError):
            await _put_aside(first, upload, opened, objects)
        raise first from None
    holding = [known[each.file.sha256, content_of(each.file.path)] for each in files]
    check_parameters(upload.asked.declaration.parameters, [each.parameters for each in holding])
    try:
        whole = await inspector.inspect_whole(upload.team_id, files, upload.asked)
    except DamagedPartError as damaged:
        await _put_aside(damaged, upload, opened, objects)
    named = [
        Finding(finding.code, f"{each.file.path}: {finding.field}", finding.value, finding.rule)
        for each, verified in zip(files, holding, strict=True)
        for finding in verified.findings
    ]
    return Ready(upload, upload.asked, tuple(files), (*whole.findings, *named)[:MOST_FINDINGS])


async def _read(
    files: Sequence[Located],
    upload: Upload,
    opened: Open,
    inspector: Inspector,
    known: dict[tuple[str, object], Verified],
) -> None:
    """Read files of an upload, and note what holds, in the tables and in `known`."""
    # Closed whatever happens here: the reader is free for others then, and not when somebody clears up.
    async with aclosing(inspector.inspect(upload.team_id, files)) as inspected:
        async for verified in inspected:
            async with opened() as (uploads, _):
                await uploads.note_verified(upload, verified)
            known |= _by_content(verified)


async def _put_aside(damaged: DamagedPartError, upload: Upload, opened: Open, objects: Objects) -> NoReturn:
    """See that a damaged part counts as not arrived, so that it can be put again; name it.

    One that no checkpoint rests on is removed. A checkpoint's is noted as damaged and never removed: it may be all
    that is left of it.
    """
    async with opened() as (uploads, _):
        in_a_checkpoint = await uploads.note_damaged(upload.team_id, damaged.sha256, damaged.kind)
    if not in_a_checkpoint:
        if damaged.kind is DamageKind.MISSING:
            raise FileMissingError(damaged.path, damaged.offset_bytes) from damaged
        await objects.discard(part_key(upload.team_id, damaged.sha256))
    raise PartDamagedError(damaged.path, damaged.offset_bytes, damaged.sha256) from damaged


async def publish(ready: Ready, uploads: Uploads, checkpoints: Checkpoints) -> Digest:
    """Publish a checkpoint, or find the one that its job has already; return its digest.

    Raises `JobHasCheckpointError` and `VersionMovedOnError`.
    """
    upload, asked, files = ready.upload, ready.asked, [each.file for each in ready.files]
    if asked.declaration.job_id:
        await checkpoints.lock_job(upload.team_id, asked.declaration.job_id)
    digest = await _of_job(ready, checkpoints)
    if digest is None:
        latest = await checkpoints.lock_model(upload.team_id, upload.model)
        same = await _same_as_latest(ready, checkpoints) if asked.unless_same and latest else None
        if same is not None:
            await uploads.close(upload, same)
            return same
        if asked.latest_version not in {None, latest}:
            raise VersionMovedOnError(asked.latest_version or 0, latest)
        manifest = manifest_json(upload.team_id, upload.model, latest + 1, files, asked.declaration, asked.signature)
        digest = Digest(identity(manifest))
        checkpoint = Checkpoint(
            checkpoint_digest=digest,
            team_id=upload.team_id,
            model=upload.model,
            version=latest + 1,
            file_count=len(files),
            size_bytes=sum(file.size_bytes for file in files),
            declaration=asked.declaration,
            committed_at=checkpoints.now,
            signature=asked.signature,
            findings=ready.findings,
        )
        await checkpoints.add(checkpoint, manifest, ready.files, await uploads.verified(upload))
    await uploads.close(upload, digest)
    return digest


async def _same_as_latest(ready: Ready, checkpoints: Checkpoints) -> Digest | None:
    """Return the model's latest version if it has the same files and the same declaration."""
    upload = ready.upload
    latest = await checkpoints.of_version(upload.team_id, upload.model, 0)
    if latest is None:
        return None
    said = statement_json(upload.team_id, upload.model, [each.file for each in ready.files], ready.asked.declaration)
    kept = statement_of(await checkpoints.manifest(latest.checkpoint_digest))
    return latest.checkpoint_digest if kept == said else None


async def _of_job(ready: Ready, checkpoints: Checkpoints) -> Digest | None:
    """Return the checkpoint that the job has: one that was started again after a fault trains the same bytes again."""
    job_id = ready.asked.declaration.job_id
    if not job_id:
        return None
    for kept in await checkpoints.of_job(job_id, ready.upload.team_id):
        files, _ = await checkpoints.files(kept.checkpoint_digest, len(ready.files) + 1, 0)
        if kept.model != ready.upload.model or files != [each.file for each in ready.files]:
            raise JobHasCheckpointError(job_id, kept.checkpoint_digest)
        return kept.checkpoint_digest
    return None


def _digests(files: Sequence[Located]) -> list[str]:
    return [each.file.sha256 for each in files]


def _once(files: Sequence[Located]) -> list[Located]:
    """Return `files` without those whose bytes and content one before has."""
    first: dict[tuple[str, object], Located] = {}
    for each in files:
        first.setdefault((each.file.sha256, content_of(each.file.path)), each)
    return list(first.values())


def _shares(files: Sequence[Located]) -> list[list[Located]]:
    """Divide files among readers, of about the same size each; a few small ones are one reader's."""
    if sum(each.file.size_bytes for each in files) < _WORTH_SEVERAL_BYTES:
        return [list(files)]
    shares: list[list[Located]] = [[] for _ in range(READERS)]
    sizes = [0] * READERS
    for each in sorted(files, key=lambda each: each.file.size_bytes, reverse=True):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(each)
        sizes[smallest] += each.file.size_bytes
    return shares


def _by_content(verified: Sequence[Verified]) -> dict[tuple[str, object], Verified]:
    return {(each.sha256, each.content): each for each in verified}
