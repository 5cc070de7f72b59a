"""The registry's RPCs: read the request, call the use case, write the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from common.paging import page_size, position
from dokpamo.registry.v1 import service_pb2 as pb

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId, UploadId

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.handlers import Checkpoints, Objects


class RegistryApi:
    """`dokpamo.registry.v1.RegistryService`."""

    def __init__(self, checkpoints: Callable[[Transaction], Checkpoints], objects: Objects) -> None:
        """Work on the checkpoints of each call's transaction; bytes are in `objects`."""
        self._checkpoints = checkpoints
        self._objects = objects

    async def BeginUpload(self, request: pb.BeginUploadRequest, call: Call) -> pb.BeginUploadResponse:
        """Say which files are missing and where to put them."""
        upload, targets = await handlers.begin_upload(
            self._checkpoints(call.tx),
            self._objects,
            TeamId(request.team_id),
            request.model,
            wire.to_files(request.files),
        )
        return pb.BeginUploadResponse(upload_id=upload.upload_id, targets=map(wire.from_target, targets))

    async def CommitUpload(self, request: pb.CommitUploadRequest, call: Call) -> pb.CommitUploadResponse:
        """Verify and publish a checkpoint, or refuse it by name."""
        checkpoint = await handlers.commit_upload(
            self._checkpoints(call.tx),
            self._objects,
            TeamId(request.team_id),
            UploadId(request.upload_id),
            wire.to_declaration(request.declaration),
        )
        return pb.CommitUploadResponse(checkpoint=wire.from_checkpoint(checkpoint))

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, call: Call) -> pb.GetCheckpointResponse:
        """Return one checkpoint."""
        found = await handlers.find_checkpoint(
            self._checkpoints(call.tx), _scope(request.team_id, call), Digest(request.checkpoint_digest), request.job_id
        )
        return pb.GetCheckpointResponse(checkpoint=wire.from_checkpoint(found))

    async def ListCheckpoints(self, request: pb.ListCheckpointsRequest, call: Call) -> pb.ListCheckpointsResponse:
        """Return checkpoints in order of commit."""
        found, following = await self._checkpoints(call.tx).page(
            _scope(request.team_id, call), page_size(request.page_size), position(request.page_token)
        )
        return pb.ListCheckpointsResponse(
            checkpoints=map(wire.from_checkpoint, found), next_page_token="" if following is None else str(following)
        )

    async def GetDownload(self, request: pb.GetDownloadRequest, call: Call) -> pb.GetDownloadResponse:
        """Return short-lived URLs to read a checkpoint's files."""
        found = await handlers.find_checkpoint(
            self._checkpoints(call.tx), _scope(request.team_id, call), Digest(request.checkpoint_digest)
        )
        sources, expires_at = handlers.sources(found, self._objects)
        return pb.GetDownloadResponse(sources=map(wire.from_source, sources), expires_at=stamp(expires_at))


def _scope(team_id: str, call: Call) -> TeamId | None:
    """Return the team whose checkpoints exist for the caller; `None` for all. A consortium never sees past its own."""
    return TeamId(call.actor.team) if call.actor.team else TeamId(team_id) if team_id else None
