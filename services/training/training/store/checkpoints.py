"""The registry as training sees it: which checkpoint a job has committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc
from common.errors import Refused, TransientError
from common.grpc import Client
from dokpamo.registry.v1 import service_pb2 as pb

if TYPE_CHECKING:
    from common.grpc import Channel

    from training.domain.job import Job

SERVICE: Final = "dokpamo.registry.v1.RegistryService"
_AWAY: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class RegistryAwayError(TransientError):
    """The registry does not answer."""


class RegistryPeer:
    """The handlers' `Registry` over gRPC."""

    def __init__(self, channel: Channel) -> None:
        """Ask over `channel`, which belongs to whoever opened it."""
        self._client = Client(channel, SERVICE)

    async def checkpoint_of(self, job: Job) -> str:
        """Return the digest of the checkpoint that the job committed, or empty text; `RegistryAwayError` while away."""
        # Job ids are words that any team may write: only its own team's checkpoint is the job's.
        request = pb.GetCheckpointRequest(team_id=job.spec.team_id, job_id=job.spec.job_id)
        try:
            answer: pb.GetCheckpointResponse = await self._client.GetCheckpoint(request)
        except Refused as refusal:
            if refusal.status is grpc.StatusCode.NOT_FOUND:
                return ""
            if refusal.status in _AWAY:
                raise RegistryAwayError(str(refusal)) from refusal
            raise
        return answer.checkpoint.checkpoint_digest
