"""Checkpoints: push a folder, pull one back, find the one of a job. Each is safe to repeat after any crash."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import NAMESPACE_URL, uuid4, uuid5

import grpc
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb

from client.sdk.transfer import PATIENCE_SECONDS, LocalFile, Progress, Source, Target, download, scan, upload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from common.grpc import Client

T = TypeVar("T")

SERVICE: Final = "dokpamo.registry.v1.RegistryService"
_AWAY: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
_PAUSE_SECONDS: Final = 1.0
# A commit reads every byte back before it answers.
_COMMIT_TIMEOUT_SECONDS: Final = 300.0


async def push(
    registry: Client,
    folder: Path,
    *,
    team_id: str,
    model: str,
    declaration: pb.Declaration,
    progress: Progress | None = None,
) -> pb.Checkpoint:
    """Push `folder` as a new version of the team's `model`; return the committed checkpoint.

    Only bytes that the registry lacks are sent. Raises `Refused` with the registry's reason, and what `scan` and
    `upload` raise; while the registry or the store is away it waits, up to `PATIENCE_SECONDS` a step.
    """
    files = await asyncio.to_thread(scan, folder)
    begin = pb.BeginUploadRequest(
        request_id=str(uuid4()), team_id=team_id, model=model, files=[_to_file(file) for file in files]
    )
    begun: pb.BeginUploadResponse = await patiently(lambda: registry.BeginUpload(begin))
    await upload(folder, _targets(begun.targets), progress)
    # The commit's request id follows from the upload: a repeat after a crash is the same request.
    commit = pb.CommitUploadRequest(
        request_id=str(uuid5(NAMESPACE_URL, begun.upload_id)),
        team_id=team_id,
        upload_id=begun.upload_id,
        declaration=declaration,
    )
    committed: pb.CommitUploadResponse = await patiently(
        lambda: registry.CommitUpload(commit, timeout=_COMMIT_TIMEOUT_SECONDS)
    )
    return committed.checkpoint


async def pull(
    registry: Client, checkpoint_digest: str, folder: Path, *, team_id: str = "", progress: Progress | None = None
) -> None:
    """Fetch the checkpoint's files into `folder`, verified; files that are there already are not fetched again.

    A consortium names its own `team_id`. Raises `Refused` and what `download` raises.
    """
    request = pb.GetDownloadRequest(team_id=team_id, checkpoint_digest=checkpoint_digest)
    answer: pb.GetDownloadResponse = await patiently(lambda: registry.GetDownload(request))
    await download(_sources(answer.sources), folder, progress)


async def checkpoint_of_job(registry: Client, team_id: str, job_id: str) -> pb.Checkpoint | None:
    """Return the checkpoint that the job committed, or `None`."""
    request = pb.GetCheckpointRequest(team_id=team_id, job_id=job_id)
    try:
        answer: pb.GetCheckpointResponse = await patiently(lambda: registry.GetCheckpoint(request))
    except Refused as refusal:
        if refusal.status is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return answer.checkpoint


async def patiently(call: Callable[[], Awaitable[T]], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """Return the answer of `call`, tried again while the service is away; every call here is safe to repeat."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_seconds
    while True:
        try:
            return await call()
        except Refused as refusal:
            if refusal.status not in _AWAY or loop.time() + _PAUSE_SECONDS >= give_up_at:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


def _to_file(file: LocalFile) -> pb.CheckpointFile:
    return pb.CheckpointFile(path=file.path, size_bytes=file.size_bytes, sha256=file.sha256)


def _targets(targets: Iterable[pb.UploadTarget]) -> list[Target]:
    return [Target(target.path, target.url, dict(target.headers)) for target in targets]


def _sources(sources: Iterable[pb.DownloadSource]) -> list[Source]:
    return [
        Source(LocalFile(source.file.path, source.file.size_bytes, source.file.sha256), source.url)
        for source in sources
    ]
