"""The RPCs of releases: read the request, call the use case, write the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from common.paging import page_size, position, token
from dokpamo.registry.v1 import releases_pb2 as pb

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId
from registry.domain.release import parse_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.handlers import Checkpoints, Releases


class ReleaseApi:
    """`dokpamo.registry.v1.ReleaseService`."""

    def __init__(
        self, releases: Callable[[Transaction], Releases], checkpoints: Callable[[Transaction], Checkpoints]
    ) -> None:
        """Work on each call's transaction."""
        self._releases = releases
        self._checkpoints = checkpoints

    async def ReleaseCheckpoint(self, request: pb.ReleaseCheckpointRequest, call: Call) -> pb.ReleaseCheckpointResponse:
        """Release a checkpoint."""
        released = await handlers.release_checkpoint(
            self._releases(call.tx),
            self._checkpoints(call.tx),
            TeamId(request.team_id),
            Digest(request.checkpoint_digest),
            gated=request.gated,
            licence_path=request.licence_path,
        )
        return pb.ReleaseCheckpointResponse(release=wire.from_release(released))

    async def WithdrawRelease(self, request: pb.WithdrawReleaseRequest, call: Call) -> pb.WithdrawReleaseResponse:
        """Give the bytes of a release out no more."""
        withdrawn = await handlers.withdraw_release(
            self._releases(call.tx), TeamId(request.team_id), Digest(request.checkpoint_digest), request.reason
        )
        return pb.WithdrawReleaseResponse(release=wire.from_release(withdrawn))

    async def AcceptLicence(self, request: pb.AcceptLicenceRequest, call: Call) -> pb.AcceptLicenceResponse:
        """Keep that the caller accepts a licence."""
        since = await handlers.accept_licence(
            self._releases(call.tx), call.actor.subject, request.team_id, request.model, request.licence_sha256
        )
        return pb.AcceptLicenceResponse(accepted_at=stamp(since))

    async def GetRelease(self, request: pb.GetReleaseRequest, call: Call) -> pb.GetReleaseResponse:
        """Return one release."""
        releases = self._releases(call.tx)
        revision = parse_revision(request.revision)
        found = await handlers.find_release(releases, request.team_id, request.model, revision)
        readable = await handlers.reads(releases, found, call.actor.subject, call.actor.team)
        return pb.GetReleaseResponse(release=wire.from_release(found), readable=readable)

    async def ListReleases(self, request: pb.ListReleasesRequest, call: Call) -> pb.ListReleasesResponse:
        """Return releases, the last first."""
        found, following = await self._releases(call.tx).page(
            request.team_id, request.model, page_size(request.page_size), position(request.page_token)
        )
        return pb.ListReleasesResponse(releases=map(wire.from_release, found), next_page_token=token(following))
