"""The RPCs that tell whether what is kept is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FieldInvalidError
from common.paging import page_size, position, token
from dokpamo.registry.v1 import integrity_pb2 as pb

from registry import handlers
from registry.domain.checkpoint import Digest, TeamId, check_sha256
from registry.grpc_api.reading import scope
from registry.wire import integrity as wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.handlers import Catalogue, Scrubs


class IntegrityApi:
    """`dokpamo.registry.v1.IntegrityService`."""

    def __init__(self, scrubs: Callable[[Transaction], Scrubs], catalogue: Callable[[Transaction], Catalogue]) -> None:
        """Work on each call's transaction."""
        self._scrubs = scrubs
        self._catalogue = catalogue

    async def GetIntegrity(self, _request: pb.GetIntegrityRequest, call: Call) -> pb.GetIntegrityResponse:
        """Say how it stands, in numbers."""
        return wire.from_integrity(await self._scrubs(call.tx).integrity())

    async def ListDamages(self, request: pb.ListDamagesRequest, call: Call) -> pb.ListDamagesResponse:
        """Return damages as they were found."""
        found, following = await self._scrubs(call.tx).damages(
            scope(request.team_id, call),
            page_size(request.page_size),
            position(request.page_token),
            only_open=request.only_open,
        )
        return pb.ListDamagesResponse(damages=map(wire.from_damage, found), next_page_token=token(following))

    async def ListDifferences(self, request: pb.ListDifferencesRequest, call: Call) -> pb.ListDifferencesResponse:
        """Return differences as they were found."""
        found, following = await self._catalogue(call.tx).differences(
            scope(request.team_id, call),
            page_size(request.page_size),
            position(request.page_token),
            only_open=request.only_open,
        )
        return pb.ListDifferencesResponse(
            differences=map(wire.from_difference, found), next_page_token=token(following)
        )

    async def StartScrub(self, request: pb.StartScrubRequest, call: Call) -> pb.StartScrubResponse:
        """Have parts read soon."""
        if not request.team_id and not request.checkpoint_digest:
            raise FieldInvalidError("checkpoint_digest", "", "must be given, or else team_id")
        if request.checkpoint_digest:
            check_sha256("checkpoint_digest", request.checkpoint_digest)
        parts, size_bytes = await handlers.start_scrub(
            self._scrubs(call.tx),
            TeamId(request.team_id) if request.team_id else None,
            Digest(request.checkpoint_digest) if request.checkpoint_digest else None,
        )
        return pb.StartScrubResponse(parts=parts, size_bytes=size_bytes)
