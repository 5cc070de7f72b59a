"""A training job: what it asks, where it is, and which changes are allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from datetime import datetime

JobId = NewType("JobId", str)
TeamId = NewType("TeamId", str)

MOST_GPUS: Final = 2048
MOST_SECONDS: Final = 40 * 60
"""A job pushes with the token of its start, which lives for less than an hour, the wait for a place included."""
MOST_STEPS: Final = 100_000
MOST_HIDDEN_UNITS: Final = 4096

_JOB_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,94}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class GpuSource(Enum):
    """Whose GPUs a job uses."""

    GRANTED = "granted"
    OWN = "own"


class JobState(Enum):
    """Where a job is in its life."""

    SUBMITTED = "submitted"
    ADMITTED = "admitted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Whether the job cannot change any more."""
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.REFUSED}


class FailureClass(Enum):
    """Whose fault a failure is. Only infrastructure faults are credited (design: grants and training, metering)."""

    INFRASTRUCTURE = "infrastructure"
    WORKLOAD = "workload"


class JobFieldError(Exception):
    """A field of a job breaks its rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class JobTakenError(Exception):
    """A job id is in use."""

    def __init__(self, job_id: JobId) -> None:
        """Keep the id as `value`."""
        super().__init__(f"job {job_id} exists already")
        self.field = "spec.job_id"
        self.value = job_id
        self.rule = "a job id is used once in the programme"


class HoldForeignError(Exception):
    """A hold names another team than the job's."""

    def __init__(self, job_id: JobId, team_id: TeamId, hold_team_id: TeamId) -> None:
        """Keep the job, its team as `rule`, and the hold's team as `value`."""
        super().__init__(f"the hold of job {job_id} is for {hold_team_id}, the job is {team_id}'s")
        self.field = "team_id"
        self.value = hold_team_id
        self.rule = f"must be {team_id}, whose job {job_id} is"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a team asks: which model to train, on how many GPUs (B200-equivalents), for how long at most (seconds)."""

    job_id: JobId
    team_id: TeamId
    period: str
    model: str
    gpus: int
    max_seconds: int
    gpu_source: GpuSource
    seed: int
    steps: int
    hidden_units: int
    parent_checkpoint: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as kept. `gpu_seconds` is metered when it ends; `loss` is the last one told, in nats per byte.

    `entitlement_id` says of what its GPU time is held, empty on the team's own GPUs. `cancel_reason` says why its end
    is wished, empty where somebody asked for it.
    """

    spec: JobSpec
    state: JobState
    submitted_at: datetime
    reason: str = ""
    gpu_seconds: int = 0
    checkpoint_digest: str = ""
    loss: str = ""
    attempt: int = 0
    cancel_wished: bool = False
    cancel_reason: str = ""
    entitlement_id: str = ""
    failure_class: FailureClass | None = None


def check_spec(spec: JobSpec) -> None:
    """Raise `JobFieldError` for the first field of `spec` that breaks its rule."""
    _matches("spec.job_id", spec.job_id, _JOB_ID, "must be 1 to 95 of a-z, 0-9, '.' and '-'")
    _matches("spec.team_id", spec.team_id, _NAME, "must be a team's id")
    _matches("spec.period", spec.period, _NAME, "must be a period such as 2025-h2")
    _matches("spec.model", spec.model, _NAME, "must be 1 to 63 of a-z, 0-9 and '-'")
    if spec.parent_checkpoint:
        _matches("spec.parent_checkpoint", spec.parent_checkpoint, _SHA256, "must be a checkpoint's digest or empty")
    _within("spec.gpus", spec.gpus, MOST_GPUS)
    _within("spec.max_seconds", spec.max_seconds, MOST_SECONDS)
    _within("spec.steps", spec.steps, MOST_STEPS)
    _within("spec.hidden_units", spec.hidden_units, MOST_HIDDEN_UNITS, least=0)


def _matches(field: str, value: str, form: re.Pattern[str], rule: str) -> None:
    if not form.fullmatch(value):
        raise JobFieldError(field, value, rule)


def _within(field: str, value: int, most: int, *, least: int = 1) -> None:
    if not least <= value <= most:
        raise JobFieldError(field, value, f"must be {least} to {most}")


def admitted(job: Job, team_id: TeamId, entitlement_id: str) -> Job | None:
    """Return `job` admitted by a hold for `team_id`; `None` where it waits for none any more (admitted, cancelled).

    `entitlement_id` says of what GPU time is held, empty on own GPUs. Raises `HoldForeignError`.
    """
    _check_hold(job, team_id)
    if job.state is not JobState.SUBMITTED:
        return None
    return replace(job, state=JobState.ADMITTED, reason="", entitlement_id=entitlement_id)


def refused(job: Job, team_id: TeamId, reason: str) -> Job | None:
    """Return `job` refused for want of GPU time; `None` where it waits for none any more. Raises `HoldForeignError`."""
    _check_hold(job, team_id)
    return replace(job, state=JobState.REFUSED, reason=reason) if job.state is JobState.SUBMITTED else None


def _check_hold(job: Job, team_id: TeamId) -> None:
    if job.spec.team_id != team_id:
        raise HoldForeignError(job.spec.job_id, job.spec.team_id, team_id)


def cancel_wished(job: Job, why: str = "") -> Job:
    """Return `job` after a wish to stop it, by somebody or because of `why`; an ended one as it is.

    It ends at once where it is not admitted. Of several wishes the first says why.
    """
    if job.state.is_final or job.cancel_wished:
        return job
    wished = replace(job, cancel_wished=True, cancel_reason=why)
    if job.state is JobState.SUBMITTED:
        return replace(wished, state=JobState.CANCELLED, reason=why or "cancelled before it was admitted")
    return wished
