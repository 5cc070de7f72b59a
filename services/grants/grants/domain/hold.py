"""GPU time set aside for one job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grants.domain.ledger import TeamId


class HoldUnknownError(Exception):
    """A job ended that used granted GPU time and never had any set aside."""

    def __init__(self, job: str) -> None:
        """Keep the job's id."""
        self.rule = "granted GPU time is used only after it was held"
        super().__init__(f"job_id {job!r} has no hold: {self.rule}")
        self.field = "job_id"
        self.value = job


class HoldSettledError(Exception):
    """A job ended twice, with different metering."""

    def __init__(self, job: str, gpu_seconds: int, settled: int) -> None:
        """Keep the job's id, the metered `gpu_seconds` and those already `settled`."""
        self.rule = f"the hold of job {job} was settled with {settled}"
        super().__init__(f"gpu_seconds is {gpu_seconds}: {self.rule}")
        self.field = "gpu_seconds"
        self.value = gpu_seconds


class JobTakenError(Exception):
    """A second job has the id of a first one and wants something else."""

    def __init__(self, job: str, team: TeamId) -> None:
        """Keep the job's id and the `team` whose it is."""
        self.rule = f"taken by a job of {team} with other figures"
        super().__init__(f"job_id {job!r} is {self.rule}")
        self.field = "job_id"
        self.value = job


@dataclass(frozen=True, slots=True)
class Hold:
    """`gpu_seconds` of `entitlement` set aside for `job`; `used` once the job is settled."""

    job: str
    team: TeamId
    entitlement: str
    gpu_seconds: int
    used: int | None = None
