"""A cluster and a registry in memory, held by the same contract suite as Ray."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from training.domain.progress import ClusterState, Observation

if TYPE_CHECKING:
    from training.domain.job import Job, JobId

_ENDS = frozenset({ClusterState.STOPPED, ClusterState.SUCCEEDED, ClusterState.FAILED})


@dataclass
class ClusterInMemory:
    """Training's `Cluster`: a start runs until a test ends it."""

    started: list[tuple[str, int]] = field(default_factory=list)
    seen: dict[tuple[str, int], Observation] = field(default_factory=dict)
    committed: dict[str, str] = field(default_factory=dict)

    async def start(self, job: Job) -> None:
        key = (job.spec.job_id, job.attempt)
        if key not in self.seen:
            self.started.append(key)
            self.seen[key] = Observation(ClusterState.RUNNING, datetime.now(UTC))

    async def observe(self, job_id: JobId, attempt: int) -> Observation:
        return self.seen.get((job_id, attempt), Observation(ClusterState.UNKNOWN))

    async def output(self, job_id: JobId, attempt: int) -> str:
        return 'PROGRESS {"step": 1, "loss": "1.5000"}\n' if (job_id, attempt) in self.seen else ""

    async def stop(self, job_id: JobId, attempt: int) -> None:
        self._end((job_id, attempt), Observation(ClusterState.STOPPED))

    def finish(self, job_id: str, *, checkpoint: str = "") -> None:
        """End the latest start of a job well; `checkpoint` is what it committed."""
        if checkpoint:
            self.committed[job_id] = checkpoint
        self._end(self._latest(job_id), Observation(ClusterState.SUCCEEDED, exit_code=0))

    def crash(self, job_id: str, *, exit_code: int) -> None:
        """End the latest start of a job badly."""
        self._end(self._latest(job_id), Observation(ClusterState.FAILED, message="it crashed", exit_code=exit_code))

    def forget(self) -> None:
        """Forget everything, as a head that is started again."""
        self.seen.clear()

    def _latest(self, job_id: str) -> tuple[str, int]:
        return max(key for key in self.seen if key[0] == job_id)

    def _end(self, key: tuple[str, int], end: Observation) -> None:
        now = self.seen.get(key)
        if now is not None and now.state not in _ENDS:
            self.seen[key] = replace(end, started_at=now.started_at, ended_at=datetime.now(UTC))


class CheckpointsInMemory:
    """Training's `Registry`: what the cluster's programs committed."""

    def __init__(self, cluster: ClusterInMemory) -> None:
        self._cluster = cluster

    async def checkpoint_of(self, job: Job) -> str:
        return self._cluster.committed.get(job.spec.job_id, "")
