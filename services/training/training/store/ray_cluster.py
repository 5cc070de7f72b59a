"""Jobs on Ray: each start is a Ray job whose id is the job's id and the attempt, so that any process finds it again."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Final, assert_never

from common.ray_jobs import JobState, RayJobUnknownError

from training.domain.progress import ClusterState, Observation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from common.ray_jobs import RayJobs

    from training.domain.job import Job, JobId

VARIABLE: Final = "DOKPAMO_JOB"
"""The environment variable in which a program finds its job, as JSON."""

# One thread of numpy. Two programs share a core rather than wait for each other's end.
_CPUS: Final = 0.5


class RayCluster:
    """The handlers' `Cluster` on Ray's Jobs API."""

    def __init__(
        self, ray: RayJobs, registry_address: str, token: Callable[[Job], str], keys: Path | None = None
    ) -> None:
        """Run on `ray`; programs push to the registry at `registry_address` with the `token` made for their job.

        They sign with the key of their team in the folder `keys` of the machine that they run on, where it is there.
        """
        self._ray = ray
        self._registry_address = registry_address
        self._token = token
        self._keys = keys

    async def start(self, job: Job) -> None:
        """Start attempt `job.attempt`; one that runs already is left as it is."""
        entrypoint = f"{shlex.quote(sys.executable)} -m scale_model train"
        environment = {VARIABLE: json.dumps(self._parameters(job)), "OMP_NUM_THREADS": "1"}
        submission = submission_id(job.spec.job_id, job.attempt)
        await self._ray.submit(submission, entrypoint, environment, num_gpus=job.spec.gpus, num_cpus=_CPUS)

    async def observe(self, job_id: JobId, attempt: int) -> Observation:
        """Say what is known of a start."""
        info = await self._ray.status(submission_id(job_id, attempt))
        if info is None:
            return Observation(ClusterState.UNKNOWN, message="the cluster does not know the job")
        return Observation(
            state=_state(info.state),
            started_at=info.started_at,
            ended_at=info.ended_at,
            message=info.message,
            exit_code=info.exit_code,
            failed_by_cluster=info.failed_by_cluster,
        )

    async def output(self, job_id: JobId, attempt: int) -> str:
        """Return what a start has printed; empty where that is lost."""
        try:
            return await self._ray.logs(submission_id(job_id, attempt))
        except RayJobUnknownError:
            return ""

    async def stop(self, job_id: JobId, attempt: int) -> None:
        """End a start; one that has ended or is unknown is left alone."""
        await self._ray.stop(submission_id(job_id, attempt))

    def _parameters(self, job: Job) -> dict[str, object]:
        spec = job.spec
        return {
            "job_id": spec.job_id,
            "team_id": spec.team_id,
            "period": spec.period,
            "model": spec.model,
            "seed": spec.seed,
            "steps": spec.steps,
            "hidden_units": spec.hidden_units,
            "parent_checkpoint": spec.parent_checkpoint,
            "registry_address": self._registry_address,
            "token": self._token(job),
            "signing_key_file": "" if self._keys is None else str(self._keys / f"{spec.team_id}.pem"),
        }


def submission_id(job_id: JobId, attempt: int) -> str:
    """Return Ray's id of a start."""
    return f"{job_id}-{attempt}"


def _state(state: JobState) -> ClusterState:
    match state:
        case JobState.PENDING:
            return ClusterState.PENDING
        case JobState.RUNNING:
            return ClusterState.RUNNING
        case JobState.STOPPED:
            return ClusterState.STOPPED
        case JobState.SUCCEEDED:
            return ClusterState.SUCCEEDED
        case JobState.FAILED:
            return ClusterState.FAILED
        case _:
            assert_never(state)
