"""Checkpoints: push a folder, pull one back, find the one of a job. Each is safe to repeat after any crash.

`client.sdk.blocking` has the same for programs without an event loop, `client.sdk.background` a push beside a training.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import NAMESPACE_URL, uuid4, uuid5

import grpc
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb

from client.sdk.calls import whole
from client.sdk.transfer import (
    PATIENCE_SECONDS,
    Begun,
    LeftOut,
    LocalFile,
    PartSource,
    Sending,
    Store,
    Target,
    Throttle,
    Verifying,
    silent,
)
from client.sdk.transfer.fetching import Fetching
from client.sdk.transfer.scanning import require_unchanged, scan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
    from pathlib import Path

    from common.grpc import Client

    from client.sdk.transfer import Progress
    from client.sdk.transfer.reading import Piece

T = TypeVar("T")
Signer = Callable[[str, str, "Sequence[LocalFile]", pb.Declaration], pb.Signature]
"""Signs what a team commits: of a team, a model, its files and what is declared (`client.sdk.signing.signer`)."""

SERVICE: Final = "dokpamo.registry.v1.RegistryService"
_AWAY: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
_PAUSE_SECONDS: Final = 1.0
# A thousand parts are looked up in the store one by one.
_CALL_SECONDS: Final = 60.0
_MOST_TARGETS: Final = 1_000
_MOST_FILES: Final = 2_000
_PAGE: Final = 1_000
_FEW_FILES: Final = 8
_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.02, 1.0


class ManifestDiffersError(Exception):
    """The manifest that the registry gave is not the one that the checkpoint's digest names."""

    code = "MANIFEST_DIFFERS"

    def __init__(self, checkpoint_digest: str, actual: str) -> None:
        """Keep the digest that was asked for and the SHA-256 of what was given."""
        super().__init__(f"the manifest of {checkpoint_digest} has SHA-256 {actual}")
        self.checkpoint_digest = checkpoint_digest
        self.actual = actual


async def push(
    registry: Client,
    folder: Path,
    *,
    team_id: str,
    model: str,
    declaration: pb.Declaration,
    progress: Progress | None = None,
    limit_rate: int | None = None,
    signer: Signer | None = None,
    latest_version: int | None = None,
    unless_same: bool = False,
) -> pb.Checkpoint:
    """Push `folder` as a new version of the team's `model`; return the committed checkpoint.

    Every byte is read once, in bounded memory; only parts that the registry lacks are sent, at most `limit_rate` bytes
    a second. With `latest_version` it becomes a version only if that is still the model's latest (0: there is none);
    with `unless_same` the latest is returned where it has the same files and the same declaration.
    Raises `Refused` with the registry's reason, and what `scan` and `Sending.send` raise; while the registry or the
    store is away it waits, up to `PATIENCE_SECONDS` a step.
    """
    tell = progress or silent
    found, left_out = await asyncio.to_thread(scan, folder)
    for path in left_out:
        tell(LeftOut(path))
    tell(Begun({file.path: file.size_bytes for file in found}))
    begin = pb.BeginUploadRequest(request_id=str(uuid4()), team_id=team_id, model=model)
    begun: pb.BeginUploadResponse = await _answer(registry.BeginUpload, begin)
    upload = _Upload(registry, team_id, begun.upload_id)
    files = await Sending(upload, Store(Throttle(limit_rate)), tell).send(found)
    await asyncio.to_thread(require_unchanged, folder, found)
    await upload.declare_files(files)
    signature = signer(team_id, model, files, declaration) if signer else None
    return await upload.commit(declaration, signature, latest_version, tell, unless_same=unless_same)


async def pull(
    registry: Client,
    checkpoint_digest: str,
    folder: Path,
    *,
    team_id: str = "",
    progress: Progress | None = None,
    limit_rate: int | None = None,
) -> list[LocalFile]:
    """Have the checkpoint's files below `folder`, verified; return them. What is there already is not fetched again.

    A consortium names its own `team_id`. Files of the folder that are not the checkpoint's are left alone. Raises
    `Refused`, `ManifestDiffersError` and what `Fetching.fetch` raises.
    """
    files = files_of(await manifest(registry, checkpoint_digest, team_id=team_id))
    sources = Sources(registry, team_id, checkpoint_digest)
    await Fetching(sources, Store(Throttle(limit_rate)), folder, progress or silent).fetch(files)
    return files


async def manifest(registry: Client, checkpoint_digest: str, *, team_id: str = "") -> bytes:
    """Return the manifest of a checkpoint; raise `Refused`, or `ManifestDiffersError` where it is not its own."""
    named = {"team_id": team_id, "checkpoint_digest": checkpoint_digest}
    document = await whole(
        lambda offset: _answer(registry.GetManifest, pb.GetManifestRequest(offset_bytes=offset, **named))
    )
    actual = hashlib.sha256(document).hexdigest()
    if actual != checkpoint_digest:
        raise ManifestDiffersError(checkpoint_digest, actual)
    return document


def files_of(document: bytes) -> list[LocalFile]:
    """Return the files that a manifest names, by path."""
    files: list[dict[str, Any]] = json.loads(document)["files"]
    return [LocalFile(file["path"], int(file["size_bytes"]), file["sha256"]) for file in files]


async def checkpoint_of_job(registry: Client, team_id: str, job_id: str) -> pb.Checkpoint | None:
    """Return the checkpoint that the job committed, or `None`."""
    request = pb.GetCheckpointRequest(team_id=team_id, job_id=job_id)
    try:
        answer: pb.GetCheckpointResponse = await _answer(registry.GetCheckpoint, request)
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


async def _answer(rpc: Callable[..., Awaitable[Any]], request: Any) -> Any:
    return await patiently(lambda: rpc(request, timeout=_CALL_SECONDS))


class _Upload:
    """An open upload: what `Sending` asks of a registry, and what ends it."""

    def __init__(self, registry: Client, team_id: str, upload_id: str) -> None:
        self._registry = registry
        self._named: dict[str, Any] = {"team_id": team_id, "upload_id": upload_id}

    async def declare(self, parts: Sequence[Piece]) -> set[bytes]:
        """Say which parts files are made of; return the SHA-256 of those that may be lacking."""
        said = [
            pb.FilePart(path=part.path, offset_bytes=part.offset, size_bytes=part.size, sha256=part.sha256)
            for part in parts
        ]
        request = pb.DeclarePartsRequest(request_id=str(uuid4()), parts=said, **self._named)
        answer: pb.DeclarePartsResponse = await _answer(self._registry.DeclareParts, request)
        return set(answer.lacking)

    async def targets(self, sha256: Sequence[bytes], *, again: bool = False) -> dict[bytes, Target]:
        """Return where to put parts, by SHA-256; those that have arrived are left out."""
        found: dict[bytes, Target] = {}
        for begin in range(0, len(sha256), _MOST_TARGETS):
            asked = sha256[begin : begin + _MOST_TARGETS]
            request = pb.GetPartTargetsRequest(sha256=asked, asked_before=again, **self._named)
            answer: pb.GetPartTargetsResponse = await _answer(self._registry.GetPartTargets, request)
            found |= {each.sha256: Target(each.url, dict(each.headers)) for each in answer.targets}
        return found

    async def declare_files(self, files: Sequence[LocalFile]) -> None:
        """Say which files the checkpoint has."""
        for begin in range(0, len(files), _MOST_FILES):
            said = [
                pb.CheckpointFile(path=file.path, size_bytes=file.size_bytes, sha256=file.sha256)
                for file in files[begin : begin + _MOST_FILES]
            ]
            request = pb.DeclareFilesRequest(request_id=str(uuid4()), files=said, **self._named)
            await _answer(self._registry.DeclareFiles, request)

    async def commit(
        self,
        declaration: pb.Declaration,
        signature: pb.Signature | None,
        latest_version: int | None,
        tell: Progress,
        *,
        unless_same: bool,
    ) -> pb.Checkpoint:
        """Have it verified and published; return the checkpoint that it became, or raise `Refused`."""
        # The request id follows from the upload: a repeat after a crash is the same request.
        request = pb.CommitUploadRequest(
            request_id=str(uuid5(NAMESPACE_URL, self._named["upload_id"])),
            declaration=declaration,
            signature=signature,
            latest_version=latest_version,
            unless_same=unless_same,
            **self._named,
        )
        answer: pb.CommitUploadResponse = await _answer(self._registry.CommitUpload, request)
        upload, pause = answer.upload, _FIRST_LOOK_SECONDS
        while upload.state not in {pb.UPLOAD_STATE_COMMITTED, pb.UPLOAD_STATE_REFUSED, pb.UPLOAD_STATE_ABANDONED}:
            tell(Verifying(upload.verified_bytes, upload.declared_bytes))
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_LOOK_SECONDS)
            upload = (await _answer(self._registry.GetUpload, pb.GetUploadRequest(**self._named))).upload
        if upload.state == pb.UPLOAD_STATE_COMMITTED:
            return upload.checkpoint
        if upload.state == pb.UPLOAD_STATE_REFUSED:
            raise Refused(upload.refusal.code, upload.refusal.message, dict(upload.refusal.facts))
        raise Refused("UPLOAD_ABANDONED", "the registry gave the upload up: push again", self._named)


class Sources:
    """The parts of a committed checkpoint, page by page; a page is asked for again where its URLs have ended."""

    def __init__(self, registry: Client, team_id: str, checkpoint_digest: str) -> None:
        """Ask `registry`; a consortium names its own `team_id`."""
        self._registry = registry
        self._named: dict[str, Any] = {"team_id": team_id, "checkpoint_digest": checkpoint_digest}

    async def parts(self, paths: Collection[str]) -> AsyncIterator[PartSource]:
        """Give the parts of the files at `paths`, and of all where these are many."""
        for path in sorted(paths) if len(paths) <= _FEW_FILES else [""]:
            page: str | None = ""
            while page is not None:
                found, page = await self._page(path, page)
                for part in found:
                    yield part

    async def again(self, part: PartSource) -> PartSource | None:
        """Return the part with a fresh URL."""
        found, _ = await self._page(*part.page)
        return next((each for each in found if (each.path, each.offset) == (part.path, part.offset)), None)

    async def _page(self, path: str, page: str) -> tuple[list[PartSource], str | None]:
        request = pb.ListPartsRequest(path=path, page_size=_PAGE, page_token=page, **self._named)
        answer: pb.ListPartsResponse = await _answer(self._registry.ListParts, request)
        parts = [
            PartSource(part.path, part.offset_bytes, part.size_bytes, part.sha256, each.url, (path, page))
            for each in answer.parts
            for part in [each.part]
        ]
        return parts, answer.next_page_token or None
