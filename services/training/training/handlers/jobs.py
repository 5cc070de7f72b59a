"""Jobs as people and events see them: submitted, admitted, refused, cancelled, given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError

from training.domain import job as rules
from training.domain.job import FailureClass, Job, JobId, JobSpec, JobState, JobTakenError, TeamId
from training.domain.output import last_words
from training.domain.support import held_of_lost, without_support

if TYPE_CHECKING:
    from training.domain.support import LostSupport
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


async def admit(jobs: Jobs, job_id: JobId, team_id: TeamId, entitlement_id: str = "") -> None:
    """GPU time is held of an entitlement, or none is needed on own GPUs: the job may start.

    Repeated or late news changes nothing. Where news that the entitlement is lost came first, the job ends here; a
    hold that was told before entitlements were named in it names none. Raises `NotFoundError`.
    """
    # Before the job: whoever notes a loss takes them in this order.
    if entitlement_id:
        await jobs.lock_support(entitlement_id)
    job = await find(jobs, job_id, locked=True)
    admitted = rules.admitted(job, team_id, entitlement_id)
    if admitted is None:
        return
    lost = await jobs.loss_of(entitlement_id) if entitlement_id else None
    if lost is None:
        await jobs.admit(admitted)
    else:
        await jobs.end(held_of_lost(job, lost))


async def lose_support(jobs: Jobs, lost: LostSupport) -> None:
    """A final decision took an entitlement: the jobs on it are stopped by whoever supervises them. Once."""
    await jobs.lock_support(lost.entitlement_id)
    if await jobs.add_loss(lost):
        for job in await jobs.going_on(lost.entitlement_id):
            await _keep_wish(jobs, job, without_support(job, lost))


async def refuse(jobs: Jobs, job_id: JobId, team_id: TeamId, reason: str) -> None:
    """GPU time was refused: the job ends before it began. Raises `NotFoundError`."""
    refused = rules.refused(await find(jobs, job_id, locked=True), team_id, reason)
    if refused is not None:
        await jobs.end(refused)


async def cancel(jobs: Jobs, job_id: JobId, team_id: TeamId | None) -> Job:
    """Note that a job is to be stopped; whoever supervises it does so. Raises `NotFoundError`."""
    job = await find(jobs, job_id, team_id, locked=True)
    wished = rules.cancel_wished(job)
    await _keep_wish(jobs, job, wished)
    return wished


async def _keep_wish(jobs: Jobs, job: Job, wished: Job) -> None:
    if wished.state is not job.state:
        await jobs.end(wished)
    elif wished != job:
        await jobs.note(wished)


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
