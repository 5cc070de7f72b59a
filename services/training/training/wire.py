"""Between the contract's messages and training's own shapes; and what each refusal looks like from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError, Reason, Reasons
from common.instants import stamp
from dokpamo.training.v1 import events_pb2, service_pb2
from grpc import StatusCode

from training.domain import job as jobs
from training.domain.job import GpuSource, Job, JobId, JobSpec, JobState, TeamId
from training.domain.support import LostSupport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dokpamo.grants.v1 import service_pb2 as grants_pb2


REASONS: Final[Reasons] = {
    jobs.JobFieldError: Reason(StatusCode.INVALID_ARGUMENT, "FIELD_INVALID"),
    jobs.JobTakenError: Reason(StatusCode.ALREADY_EXISTS, "JOB_TAKEN"),
    jobs.HoldForeignError: Reason(StatusCode.FAILED_PRECONDITION, "HOLD_FOREIGN"),
}
"""What training's refusals look like from outside."""

_SOURCES: Final[Mapping[service_pb2.GpuSource.ValueType, GpuSource]] = {
    service_pb2.GPU_SOURCE_GRANTED: GpuSource.GRANTED,
    service_pb2.GPU_SOURCE_OWN: GpuSource.OWN,
}
_SOURCE_MESSAGES: Final = {source: message for message, source in _SOURCES.items()}
_STATE_MESSAGES: Final[Mapping[JobState, service_pb2.JobState.ValueType]] = {
    JobState.SUBMITTED: service_pb2.JOB_STATE_SUBMITTED,
    JobState.ADMITTED: service_pb2.JOB_STATE_ADMITTED,
    JobState.RUNNING: service_pb2.JOB_STATE_RUNNING,
    JobState.SUCCEEDED: service_pb2.JOB_STATE_SUCCEEDED,
    JobState.FAILED: service_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: service_pb2.JOB_STATE_CANCELLED,
    JobState.REFUSED: service_pb2.JOB_STATE_REFUSED,
}


def to_spec(message: service_pb2.JobSpec) -> JobSpec:
    """Return what `message` asks; raise `FieldInvalidError` where it does not say whose GPUs."""
    source = _SOURCES.get(message.gpu_source)
    if source is None:
        raise FieldInvalidError("spec.gpu_source", message.gpu_source, "must be granted or own")
    return JobSpec(
        job_id=JobId(message.job_id),
        team_id=TeamId(message.team_id),
        period=message.period,
        model=message.model,
        gpus=message.gpus,
        max_seconds=message.max_seconds,
        gpu_source=source,
        seed=message.seed,
        steps=message.steps,
        hidden_units=message.hidden_units,
        parent_checkpoint=message.parent_checkpoint,
    )


def from_spec(spec: JobSpec) -> service_pb2.JobSpec:
    """Return `spec` as a message."""
    return service_pb2.JobSpec(
        job_id=spec.job_id,
        team_id=spec.team_id,
        period=spec.period,
        model=spec.model,
        gpus=spec.gpus,
        max_seconds=spec.max_seconds,
        gpu_source=_SOURCE_MESSAGES[spec.gpu_source],
        seed=spec.seed,
        steps=spec.steps,
        hidden_units=spec.hidden_units,
        parent_checkpoint=spec.parent_checkpoint,
    )


def lost_support(message: grants_pb2.Entitlement) -> LostSupport:
    """Return what an entitlement that was forfeited or withdrawn tells."""
    return LostSupport(message.entitlement_id, TeamId(message.team_id), message.lost_in_stage_id)


def from_job(job: Job) -> service_pb2.Job:
    """Return `job` as a message."""
    return service_pb2.Job(
        spec=from_spec(job.spec),
        state=_STATE_MESSAGES[job.state],
        reason=job.reason,
        submitted_at=stamp(job.submitted_at),
        gpu_seconds=job.gpu_seconds,
        checkpoint_digest=job.checkpoint_digest,
        loss=job.loss,
        attempt=job.attempt,
    )


def submitted_event(job: Job) -> events_pb2.JobSubmitted:
    """Return the event that `job` was submitted."""
    return events_pb2.JobSubmitted(job_id=job.spec.job_id, spec=from_spec(job.spec))


def started_event(job: Job) -> events_pb2.JobStarted:
    """Return the event that attempt `job.attempt` starts."""
    return events_pb2.JobStarted(
        job_id=job.spec.job_id, team_id=job.spec.team_id, attempt=job.attempt, reason=job.reason
    )


def finished_event(job: Job) -> events_pb2.JobFinished:
    """Return the event that `job` ended."""
    return events_pb2.JobFinished(
        job_id=job.spec.job_id,
        team_id=job.spec.team_id,
        state=_STATE_MESSAGES[job.state],
        gpu_seconds=job.gpu_seconds,
        gpu_source=_SOURCE_MESSAGES[job.spec.gpu_source],
        checkpoint_digest=job.checkpoint_digest,
        reason=job.reason,
        failure_class=job.failure_class.value if job.failure_class else "",
    )
