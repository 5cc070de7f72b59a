"""The registry's RPCs: read the request, call the use case, write the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.instants import stamp
from common.paging import page_size, position, token
from dokpamo.registry.v1 import service_pb2 as pb

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId, UploadId
from registry.grpc_api.reading import piece, scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.domain.checkpoint import Checkpoint
    from registry.domain.upload import Upload
    from registry.handlers import Checkpoints, Objects, TeamKeys, Uploads

_PAGE_BYTES: Final = 2**20
_FILES_PAGE: Final = 1_000
_LARGEST_FILES_PAGE: Final = 2_000
_PARTS_PAGE: Final = 500
_LARGEST_PARTS_PAGE: Final = 1_000


class RegistryApi:
    """`dokpamo.registry.v1.RegistryService`."""

    def __init__(
        self,
        uploads: Callable[[Transaction], Uploads],
        checkpoints: Callable[[Transaction], Checkpoints],
        keys: Callable[[Transaction], TeamKeys],
        objects: Objects,
        quota_bytes: int,
    ) -> None:
        """Work on each call's transaction; bytes are in `objects`, of each team at most `quota_bytes`."""
        self._uploads = uploads
        self._checkpoints = checkpoints
        self._keys = keys
        self._objects = objects
        self._quota_bytes = quota_bytes

    async def BeginUpload(self, request: pb.BeginUploadRequest, call: Call) -> pb.BeginUploadResponse:
        """Open an upload."""
        upload = await handlers.begin_upload(self._uploads(call.tx), TeamId(request.team_id), request.model)
        return pb.BeginUploadResponse(upload_id=upload.upload_id)

    async def DeclareParts(self, request: pb.DeclarePartsRequest, call: Call) -> pb.DeclarePartsResponse:
        """Note parts and say which are lacking."""
        uploads = self._uploads(call.tx)
        upload = await self._own(request, call, lock=True)
        parts = [wire.to_part(part) for part in request.parts]
        lacking = await handlers.declare_parts(uploads, upload, parts, self._quota_bytes)
        return pb.DeclarePartsResponse(lacking=sorted(map(bytes.fromhex, lacking)))

    async def GetPartTargets(self, request: pb.GetPartTargetsRequest, call: Call) -> pb.GetPartTargetsResponse:
        """Say where to put parts."""
        upload = await self._own(request, call)
        digests = [sha256.hex() for sha256 in request.sha256]
        targets = await handlers.part_targets(
            self._uploads(call.tx), self._objects, upload, digests, again=request.asked_before
        )
        return pb.GetPartTargetsResponse(targets=map(wire.from_target, targets))

    async def DeclareFiles(self, request: pb.DeclareFilesRequest, call: Call) -> pb.DeclareFilesResponse:
        """Note files."""
        upload = await self._own(request, call, lock=True)
        count = await handlers.declare_files(self._uploads(call.tx), upload, wire.to_files(request.files))
        return pb.DeclareFilesResponse(files=count)

    async def CommitUpload(self, request: pb.CommitUploadRequest, call: Call) -> pb.CommitUploadResponse:
        """Have an upload verified and published."""
        upload = await self._own(request, call, lock=True)
        uploads, checkpoints = self._uploads(call.tx), self._checkpoints(call.tx)
        upload = await handlers.commit_upload(uploads, checkpoints, self._keys(call.tx), upload, wire.to_asked(request))
        return pb.CommitUploadResponse(upload=await self._told(upload, call))

    async def GetUpload(self, request: pb.GetUploadRequest, call: Call) -> pb.GetUploadResponse:
        """Say how far an upload is."""
        return pb.GetUploadResponse(upload=await self._told(await self._own(request, call), call))

    async def GetUsage(self, request: pb.GetUsageRequest, call: Call) -> pb.GetUsageResponse:
        """Say what a team stores."""
        stored, pending = await self._uploads(call.tx).usage(TeamId(request.team_id))
        return pb.GetUsageResponse(stored_bytes=stored, pending_bytes=pending, quota_bytes=self._quota_bytes)

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, call: Call) -> pb.GetCheckpointResponse:
        """Return one checkpoint."""
        wanted = handlers.Wanted(Digest(request.checkpoint_digest), request.job_id, request.model, request.version)
        found = await handlers.find_checkpoint(self._checkpoints(call.tx), scope(request.team_id, call), wanted)
        return pb.GetCheckpointResponse(checkpoint=wire.from_checkpoint(found))

    async def ListCheckpoints(self, request: pb.ListCheckpointsRequest, call: Call) -> pb.ListCheckpointsResponse:
        """Return checkpoints in order of commit."""
        size = page_size(request.page_size)
        found = await self._checkpoints(call.tx).page(
            scope(request.team_id, call),
            request.model,
            size + 1,
            position(request.page_token),
            newest_first=request.newest_first,
        )
        answer = pb.ListCheckpointsResponse()
        room = _PAGE_BYTES
        for place, checkpoint in found[:size]:
            message = wire.from_checkpoint(checkpoint)
            room -= message.ByteSize()
            # What is declared of a checkpoint may be long: then a page has fewer.
            if room < 0 and answer.checkpoints:
                return answer
            answer.checkpoints.append(message)
            answer.next_page_token = str(place)
        if len(found) <= size:
            answer.next_page_token = ""
        return answer

    async def ListFiles(self, request: pb.ListFilesRequest, call: Call) -> pb.ListFilesResponse:
        """Return files of a checkpoint by path."""
        found = await self._found(request, call)
        size = page_size(request.page_size, _FILES_PAGE, _LARGEST_FILES_PAGE)
        files, following = await self._checkpoints(call.tx).files(
            found.checkpoint_digest, size, position(request.page_token)
        )
        return pb.ListFilesResponse(files=map(wire.from_file, files), next_page_token=token(following))

    async def ListParts(self, request: pb.ListPartsRequest, call: Call) -> pb.ListPartsResponse:
        """Return parts of a checkpoint's files with URLs to read them."""
        found = await self._found(request, call)
        parts, following = await self._checkpoints(call.tx).parts(
            found.checkpoint_digest,
            request.path,
            page_size(request.page_size, _PARTS_PAGE, _LARGEST_PARTS_PAGE),
            _place(request.page_token),
        )
        sources = [
            pb.PartSource(part=wire.from_part(part), url=handlers.source(found, part, self._objects)) for part in parts
        ]
        return pb.ListPartsResponse(
            parts=sources,
            next_page_token="" if following is None else f"{following[0]}.{following[1]}",
            expires_at=stamp(self._objects.expiry(handlers.URL_LIFETIME)),
        )

    async def GetManifest(self, request: pb.GetManifestRequest, call: Call) -> pb.GetManifestResponse:
        """Return a piece of a manifest."""
        found = await self._found(request, call)
        whole = await self._checkpoints(call.tx).manifest(found.checkpoint_digest)
        return pb.GetManifestResponse(piece=piece(whole, request.offset_bytes), size_bytes=len(whole))

    async def _own(
        self,
        request: pb.DeclarePartsRequest
        | pb.GetPartTargetsRequest
        | pb.DeclareFilesRequest
        | pb.CommitUploadRequest
        | pb.GetUploadRequest,
        call: Call,
        *,
        lock: bool = False,
    ) -> Upload:
        uploads = self._uploads(call.tx)
        return await handlers.own_upload(uploads, TeamId(request.team_id), UploadId(request.upload_id), lock=lock)

    async def _found(
        self, request: pb.ListFilesRequest | pb.ListPartsRequest | pb.GetManifestRequest, call: Call
    ) -> Checkpoint:
        wanted = handlers.Wanted(Digest(request.checkpoint_digest))
        return await handlers.find_checkpoint(self._checkpoints(call.tx), scope(request.team_id, call), wanted)

    async def _told(self, upload: Upload, call: Call) -> pb.Upload:
        progress = await self._uploads(call.tx).progress(upload.upload_id)
        checkpoint = None
        if upload.checkpoint_digest is not None:
            checkpoint = await self._checkpoints(call.tx).checkpoint(upload.checkpoint_digest, upload.team_id)
        return wire.from_upload(upload, progress, checkpoint)


def _place(page_token: str) -> tuple[int, int]:
    number, _, offset = page_token.partition(".")
    return position(number), position(offset)
