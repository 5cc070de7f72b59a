"""What training does: take jobs, admit them when GPU time is held, and see each through to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog
from common.errors import NotFoundError, TransientError

from training.domain import job as rules
from training.domain.job import FailureClass, Job, JobId, JobSpec, JobState, JobTakenError, TeamId
from training.domain.metering import Run, metered_gpu_seconds
from training.domain.output import last_loss
from training.domain.progress import ClusterState, Move, Observation, Step, next_step

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
AWAY_POLL_SECONDS: Final = 2.0
_LONGEST_REASON: Final = 1000


class Jobs(Protocol):
    """What training remembers, inside one transaction."""

    now: datetime

    async def add(self, job: Job) -> bool:
        """Keep a new job and publish that it was submitted; `False` where its id is taken."""
        ...

    async def get(self, job_id: JobId, *, locked: bool = False) -> Job | None:
        """Return a job; `locked` until the transaction ends."""
        ...

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Job], int | None]:
        """Return up to `size` jobs submitted after position `after`, and where the next page starts."""
        ...

    async def admit(self, job: Job) -> None:
        """Keep an admitted job and have it supervised."""
        ...

    async def end(self, job: Job) -> None:
        """Keep a job that ended and publish how."""
        ...

    async def note(self, job: Job) -> None:
        """Keep what changed in a job without an event."""
        ...

    async def runs(self, job_id: JobId) -> list[Run]:
        """Return a job's starts, the first first."""
        ...

    async def start_run(self, job: Job) -> None:
        """Keep that start `job.attempt` begins; publish it."""
        ...

    async def note_run(self, job_id: JobId, run: Run) -> None:
        """Keep what is known of a start."""
        ...


class Cluster(Protocol):
    """Where jobs run. Every method may raise `TransientError` while it is away."""

    async def start(self, job: Job) -> None:
        """Start attempt `job.attempt`; one that runs already is left as it is."""
        ...

    async def observe(self, job_id: JobId, attempt: int) -> Observation:
        """Say what is known of a start."""
        ...

    async def output(self, job_id: JobId, attempt: int) -> str:
        """Return what a start has printed; empty where that is lost."""
        ...

    async def stop(self, job_id: JobId, attempt: int) -> None:
        """End a start; one that has ended or is unknown is left alone."""
        ...


class Registry(Protocol):
    """Where checkpoints are committed."""

    async def checkpoint_of(self, job_id: JobId) -> str:
        """Return the digest of the checkpoint that the job committed, or empty text; `TransientError` while away."""
        ...


SUPERVISION: Final = "supervise-job"
"""Kind of the task that sees a job through."""

JobsOpener = Callable[[], AbstractAsyncContextManager[Jobs]]
"""Opens a transaction of its own."""


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


@dataclass(frozen=True, slots=True)
class Supervision:
    """What it takes to see a job through: transactions, cluster, registry."""

    jobs: JobsOpener
    cluster: Cluster
    registry: Registry
    poll_seconds: float = POLL_SECONDS
    away_poll_seconds: float = AWAY_POLL_SECONDS
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)


async def supervise(work: Supervision, job_id: JobId) -> Job | None:
    """See an admitted job through; return how it ended, not yet kept, or `None` where it had ended before.

    It may break off anywhere and be called again: what it does is found by the job's id and attempt. Each look compares
    what should be with what is; while the cluster or the registry is away it waits, for nothing is known then.
    """
    while True:
        try:
            job, step = await _look(work, job_id)
            if job is None:
                return None
            ended = await _act(work, job, step)
        except TransientError as error:
            log.warning("job.waiting", job_id=job_id, error=str(error))
            await asyncio.sleep(work.away_poll_seconds)
            continue
        if ended is not None:
            return ended
        await asyncio.sleep(work.poll_seconds)


async def _look(work: Supervision, job_id: JobId) -> tuple[Job | None, Step]:
    """Compare what is kept with what the cluster and the registry say; keep what is new; return the next step."""
    async with work.jobs() as jobs:
        job, runs = await find(jobs, job_id), await jobs.runs(job_id)
    if job.state.is_final:
        return None, Step(Move.WAIT)
    seen = await work.cluster.observe(job_id, job.attempt) if runs else Observation(ClusterState.UNKNOWN)
    committed = "" if _alive(seen) else await work.registry.checkpoint_of(job_id)
    loss = last_loss(await work.cluster.output(job_id, job.attempt)) if runs else ""
    now = work.wall()
    async with work.jobs() as jobs:
        job = await find(jobs, job_id, locked=True)
        if runs:
            runs[-1] = _seen_run(runs[-1], seen, now)
            await jobs.note_run(job_id, runs[-1])
        told = replace(job, loss=loss or job.loss, checkpoint_digest=committed or job.checkpoint_digest)
        if told != job:
            await jobs.note(told)
    return told, next_step(told, runs, seen, committed=bool(committed), now=now)


def _alive(seen: Observation) -> bool:
    return seen.state in {ClusterState.PENDING, ClusterState.RUNNING}


def _seen_run(run: Run, seen: Observation, now: datetime) -> Run:
    """Return `run` with what was seen of it; one that the cluster forgot keeps what was known.

    Ray's own start is that of the submission: the wait for a place is not running, so a run starts when it is first
    seen to run, at most one look late. Only a run that was over before it was ever seen to run has Ray's start.
    """
    if run.ended or seen.state is ClusterState.UNKNOWN:
        return replace(run, ended=True)
    if seen.state is ClusterState.PENDING:
        return run
    if seen.state is ClusterState.RUNNING:
        return replace(run, started_at=run.started_at or now, ended_at=now)
    return replace(run, started_at=run.started_at or seen.started_at, ended_at=seen.ended_at or now, ended=True)


async def _act(work: Supervision, job: Job, step: Step) -> Job | None:
    """Do what `step` says; return the job as it ended, or `None` where it goes on."""
    match step.move:
        case Move.WAIT:
            return None
        case Move.START:
            await _start(work, job)
            return None
        case Move.STOP:
            await work.cluster.stop(job.spec.job_id, job.attempt)
            return None
        case Move.SUCCEED:
            return await _ended(work, job, JobState.SUCCEEDED, step)
        case Move.FAIL:
            return await _ended(work, job, JobState.FAILED, step)
        case Move.CANCEL:
            return await _ended(work, job, JobState.CANCELLED, step)


async def _start(work: Supervision, job: Job) -> None:
    """Start the next attempt: kept first, so that a crash in between finds an unknown start and makes another."""
    started = replace(job, state=JobState.RUNNING, attempt=job.attempt + 1, reason="")
    async with work.jobs() as jobs:
        current = await find(jobs, job.spec.job_id, locked=True)
        if current.cancel_wished:
            return
        await jobs.start_run(started)
    await work.cluster.start(started)


async def _ended(work: Supervision, job: Job, state: JobState, step: Step) -> Job:
    async with work.jobs() as jobs:
        runs = await jobs.runs(job.spec.job_id)
    gpu_seconds = metered_gpu_seconds(job.spec.gpus, job.spec.max_seconds, runs)
    reason = step.reason[:_LONGEST_REASON]
    return replace(job, state=state, reason=reason, gpu_seconds=gpu_seconds, failure_class=step.failure_class)


async def give_up(jobs: Jobs, job_id: JobId, error: str) -> None:
    """End a job whose supervision itself failed for good: the platform's fault, metered as far as is known."""
    job = await find(jobs, job_id, locked=True)
    if job.state.is_final:
        return
    runs = await jobs.runs(job_id)
    await jobs.end(
        replace(
            job,
            state=JobState.FAILED,
            reason=error[:_LONGEST_REASON],
            gpu_seconds=metered_gpu_seconds(job.spec.gpus, job.spec.max_seconds, runs),
            failure_class=FailureClass.INFRASTRUCTURE,
        )
    )
