"""Seeing a job through: what should be is compared with what is, until it has ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, assert_never

import structlog
from common.errors import TransientError

from training.domain.job import FailureClass, Job, JobId, JobState
from training.domain.metering import Run, metered_gpu_seconds
from training.domain.output import last_loss, last_words
from training.domain.progress import ClusterState, Move, Observation, Step, next_step
from training.handlers.jobs import LONGEST_REASON, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.handlers.ports import Cluster, JobsOpener, Registry

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
AWAY_POLL_SECONDS: Final = 2.0
RESTART_SECONDS: Final = 1.0
_LONGEST_RESTART_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Supervision:
    """What it takes to see a job through: transactions, cluster, registry."""

    jobs: JobsOpener
    cluster: Cluster
    registry: Registry
    poll_seconds: float = POLL_SECONDS
    away_poll_seconds: float = AWAY_POLL_SECONDS
    restart_seconds: float = RESTART_SECONDS
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
            await _tell_waiting(work, job_id, f"waits until what is away answers: {error}")
            await asyncio.sleep(work.away_poll_seconds)
            continue
        if ended is not None:
            return ended
        await asyncio.sleep(work.poll_seconds)


async def _tell_waiting(work: Supervision, job_id: JobId, reason: str) -> None:
    """Let people see why a job does not go on; the next look that succeeds says otherwise."""
    # It may be the database that is away: then there is nobody to tell.
    with suppress(TransientError):
        async with work.jobs() as jobs:
            job = await find(jobs, job_id, locked=True)
            if not job.state.is_final:
                await jobs.note(replace(job, reason=last_words(reason, LONGEST_REASON)))


async def _look(work: Supervision, job_id: JobId) -> tuple[Job | None, Step]:
    """Compare what is kept with what the cluster and the registry say; keep what is new; return the next step."""
    async with work.jobs() as jobs:
        job, runs = await find(jobs, job_id), await jobs.runs(job_id)
    if job.state.is_final:
        return None, Step(Move.WAIT)
    seen = await work.cluster.observe(job_id, job.attempt) if runs else Observation(ClusterState.UNKNOWN)
    committed = "" if _alive(seen) else await work.registry.checkpoint_of(job)
    loss = await _last_loss(work, job) if runs else ""
    now = work.wall()
    async with work.jobs() as jobs:
        job = await find(jobs, job_id, locked=True)
        if runs:
            runs[-1] = _seen_run(runs[-1], seen, now)
            await jobs.note_run(job_id, runs[-1])
        told = replace(
            job,
            reason=_reason(job, seen),
            loss=loss or job.loss,
            checkpoint_digest=committed or job.checkpoint_digest,
        )
        if told != job:
            await jobs.note(told)
    return told, next_step(told, runs, seen, committed=bool(committed), now=now)


async def _last_loss(work: Supervision, job: Job) -> str:
    try:
        return last_loss(await work.cluster.output(job.spec.job_id, job.attempt))
    except TransientError as error:
        # The output of a node that died may never come back, and it decides nothing: what is known goes on without it.
        log.warning("job.output_away", job_id=job.spec.job_id, attempt=job.attempt, error=str(error))
        return ""


def _reason(job: Job, seen: Observation) -> str:
    match seen.state:
        case ClusterState.PENDING:
            return last_words(f"waits for a place on the cluster: {seen.message}", LONGEST_REASON)
        case ClusterState.RUNNING:
            return job.cancel_reason
        case _:
            return job.reason


def _alive(seen: Observation) -> bool:
    return seen.state in {ClusterState.PENDING, ClusterState.RUNNING}


def _seen_run(run: Run, seen: Observation, now: datetime) -> Run:
    """Return `run` with what was seen of it; one that the cluster forgot keeps what was known.

    Ray's own start is that of the submission: the wait for a place is not running, so a run starts when it is first
    seen to run, at most one look late. Only a program that ended before it was ever seen to run has Ray's start. A run
    that the cluster does not know and that never ran has not begun: it is submitted again under the same id.
    """
    if run.ended:
        return run
    match seen.state:
        case ClusterState.UNKNOWN:
            return replace(run, ended=run.ran)
        case ClusterState.PENDING:
            return run
        case ClusterState.RUNNING:
            return replace(run, started_at=run.started_at or now, ended_at=now)
        case _:
            started_at = run.started_at or (None if seen.exit_code is None else seen.started_at)
            return replace(run, started_at=started_at, ended_at=seen.ended_at or now, ended=True)


async def _act(work: Supervision, job: Job, step: Step) -> Job | None:
    """Do what `step` says; return the job as it ended, or `None` where it goes on."""
    match step.move:
        case Move.WAIT:
            pass
        case Move.SUBMIT:
            await work.cluster.start(job)
        case Move.START:
            await _start(work, job, step.reason)
        case Move.STOP:
            await work.cluster.stop(job.spec.job_id, job.attempt)
        case Move.SUCCEED:
            return await _ended(work, job, JobState.SUCCEEDED, step)
        case Move.FAIL:
            return await _ended(work, job, JobState.FAILED, step)
        case Move.CANCEL:
            return await _ended(work, job, JobState.CANCELLED, step)
        case _:
            assert_never(step.move)
    return None


async def _start(work: Supervision, job: Job, why: str) -> None:
    """Start the next attempt: kept first, so that whoever comes after a crash in between submits the same start."""
    if job.attempt:
        # What broke the last start may break the next one too.
        await asyncio.sleep(min(work.restart_seconds * 2 ** min(job.attempt - 1, 10), _LONGEST_RESTART_SECONDS))
    async with work.jobs() as jobs:
        current = await find(jobs, job.spec.job_id, locked=True)
        if current.cancel_wished or current.state.is_final or current.attempt != job.attempt:
            return
        started = replace(
            current, state=JobState.RUNNING, attempt=job.attempt + 1, reason=last_words(why, LONGEST_REASON)
        )
        await jobs.start_run(started)
    await work.cluster.start(started)


async def _ended(work: Supervision, job: Job, state: JobState, step: Step) -> Job:
    gpu_seconds = 0
    if step.failure_class is not FailureClass.INFRASTRUCTURE:
        async with work.jobs() as jobs:
            runs = await jobs.runs(job.spec.job_id)
        gpu_seconds = metered_gpu_seconds(job.spec.gpus, job.spec.max_seconds, runs)
    reason = last_words(step.reason, LONGEST_REASON)
    return replace(job, state=state, reason=reason, gpu_seconds=gpu_seconds, failure_class=step.failure_class)
