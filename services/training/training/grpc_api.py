"""Training's RPCs: read the request, call the use case, write the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import page_size, position, token
from dokpamo.training.v1 import service_pb2 as pb

from training import handlers, wire
from training.domain.job import JobId, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from training.handlers import Jobs


class TrainingApi:
    """`dokpamo.training.v1.TrainingService`."""

    def __init__(self, jobs: Callable[[Transaction], Jobs]) -> None:
        """Work on the jobs of each call's transaction."""
        self._jobs = jobs

    async def SubmitJob(self, request: pb.SubmitJobRequest, call: Call) -> pb.SubmitJobResponse:
        """Take a job."""
        job = await handlers.submit_job(self._jobs(call.tx), TeamId(request.team_id), wire.to_spec(request.spec))
        return pb.SubmitJobResponse(job=wire.from_job(job))

    async def CancelJob(self, request: pb.CancelJobRequest, call: Call) -> pb.CancelJobResponse:
        """Note that a job is to be stopped."""
        job = await handlers.cancel(self._jobs(call.tx), JobId(request.job_id), _scope(request.team_id, call))
        return pb.CancelJobResponse(job=wire.from_job(job))

    async def GetJob(self, request: pb.GetJobRequest, call: Call) -> pb.GetJobResponse:
        """Return one job."""
        job = await handlers.find(self._jobs(call.tx), JobId(request.job_id), _scope(request.team_id, call))
        return pb.GetJobResponse(job=wire.from_job(job))

    async def ListJobs(self, request: pb.ListJobsRequest, call: Call) -> pb.ListJobsResponse:
        """Return jobs in order of submission."""
        found, following = await self._jobs(call.tx).page(
            _scope(request.team_id, call), page_size(request.page_size), position(request.page_token)
        )
        return pb.ListJobsResponse(jobs=map(wire.from_job, found), next_page_token=token(following))


def _scope(team_id: str, call: Call) -> TeamId | None:
    """Return the team whose jobs exist for the caller; `None` for all. A consortium never sees past its own."""
    return TeamId(call.actor.team) if call.actor.team else TeamId(team_id) if team_id else None
