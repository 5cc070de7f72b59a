"""Jobs as people and events see them: submitted, admitted, refused, cancelled, given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError

from training.domain import job as rules
from training.domain.job import FailureClass, Job, JobId, JobSpec, JobState, JobTakenError, TeamId
from training.domain.output import last_words

if TYPE_CHECKING:
    from training.handlers.ports import Jobs

LONGEST_REASON: Final = 1000


async def submit_job(jobs: Jobs, team_id: TeamId, spec: JobSpec) -> Job:
    """Take a job. Raises `JobFieldError` and `JobTakenError`."""
    rules.check_spec(spec)
    if spec.team_id != team_id:
        raise rules.JobFieldError("spec.team_id", spec.team_id, f"must be {team_id}, the team that submits")
    job = Job(spec, JobState.SUBMITTED, jobs.now, reason="waits for GPU time")
    if not await jobs.add(job):
        raise JobTakenError(spec.job_id)
    return job


async def admit(jobs: Jobs, job_id: JobId, team_id: TeamId) -> None:
    """GPU time is held: the job may start. Repeated or late news changes nothing. Raises `NotFoundError`."""
    admitted = rules.admitted(await find(jobs, job_id, locked=True), team_id)
    if admitted is not None:
        await jobs.admit(admitted)


async def refuse(jobs: Jobs, job_id: JobId, team_id: TeamId, reason: str) -> None:
    """GPU time was refused: the job ends before it began. Raises `NotFoundError`."""
    refused = rules.refused(await find(jobs, job_id, locked=True), team_id, reason)
    if refused is not None:
        await jobs.end(refused)


async def cancel(jobs: Jobs, job_id: JobId, team_id: TeamId | None) -> Job:
    """Note that a job is to be stopped; whoever supervises it does so. Raises `NotFoundError`."""
    job = await find(jobs, job_id, team_id, locked=True)
    wished = rules.cancel_wished(job)
    if wished.state is not job.state:
        await jobs.end(wished)
    elif wished != job:
        await jobs.note(wished)
    return wished


async def find(jobs: Jobs, job_id: JobId, team_id: TeamId | None = None, *, locked: bool = False) -> Job:
    """Return a job; another team's does not exist for a team. Raises `NotFoundError`."""
    job = await jobs.get(job_id, locked=locked)
    if job is None or (team_id is not None and job.spec.team_id != team_id):
        raise NotFoundError("job_id", job_id)
    return job


async def give_up(jobs: Jobs, job_id: JobId, error: str) -> None:
    """End a job whose supervision itself failed for good: the platform's fault, which costs the team nothing."""
    job = await find(jobs, job_id, locked=True)
    if job.state.is_final:
        return
    reason, whose = last_words(error, LONGEST_REASON), FailureClass.INFRASTRUCTURE
    await jobs.end(replace(job, state=JobState.FAILED, reason=reason, failure_class=whose))
