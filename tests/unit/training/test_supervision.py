"""Seeing a job through: broken off anywhere, with the cluster and the registry away, on fakes."""

from __future__ import annotations

from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from common.errors import NotFoundError, TransientError
from training.domain.job import (
    FailureClass,
    GpuSource,
    Job,
    JobFieldError,
    JobId,
    JobSpec,
    JobState,
    JobTakenError,
    TeamId,
)
from training.domain.metering import Run
from training.domain.progress import ClusterState, Observation
from training.domain.support import LostSupport
from training.handlers import Supervision, admit, cancel, find, give_up, lose_support, refuse, submit_job, supervise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = datetime(2025, 9, 1, tzinfo=UTC)
JOB = JobId("job")
TEAM = TeamId("upstage")
SPEC = JobSpec(JOB, TEAM, "2025-h2", "solar", 4, 600, GpuSource.GRANTED, 7, 300, 0, "")


@dataclass
class FakeJobs:
    now: datetime = NOW
    jobs: dict[JobId, Job] = field(default_factory=dict)
    starts: dict[JobId, list[Run]] = field(default_factory=lambda: defaultdict(list))
    ended: list[Job] = field(default_factory=list)
    losses: dict[str, LostSupport] = field(default_factory=dict)

    async def add(self, job: Job) -> bool:
        return self.jobs.setdefault(job.spec.job_id, job) is job

    async def get(self, job_id: JobId, *, locked: bool = False) -> Job | None:  # noqa: ARG002  one transaction at a time
        return self.jobs.get(job_id)

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Job], int | None]:
        raise NotImplementedError

    async def lock_support(self, entitlement_id: str) -> None:
        """Nothing: one transaction at a time."""

    async def add_loss(self, lost: LostSupport) -> bool:
        return self.losses.setdefault(lost.entitlement_id, lost) is lost

    async def loss_of(self, entitlement_id: str) -> LostSupport | None:
        return self.losses.get(entitlement_id)

    async def going_on(self, entitlement_id: str) -> list[Job]:
        jobs = self.jobs.values()
        return [job for job in jobs if job.entitlement_id == entitlement_id and not job.state.is_final]

    async def admit(self, job: Job) -> None:
        await self.note(job)

    async def end(self, job: Job) -> None:
        await self.note(job)
        self.ended.append(job)

    async def note(self, job: Job) -> None:
        self.jobs[job.spec.job_id] = job

    async def runs(self, job_id: JobId) -> list[Run]:
        return list(self.starts[job_id])

    async def start_run(self, job: Job) -> None:
        await self.note(job)
        self.starts[job.spec.job_id].append(Run(job.attempt))

    async def note_run(self, job_id: JobId, run: Run) -> None:
        self.starts[job_id][run.attempt - 1] = run


@dataclass
class FakeWorld:
    """A cluster whose starts look, one look after the other, like the script says; and the registry beside it."""

    scripts: list[list[Observation | Exception]]
    commits_at_start: int = 0
    started: list[int] = field(default_factory=list)
    output_faults: list[Exception] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    start_faults: list[Exception] = field(default_factory=list)

    async def start(self, job: Job) -> None:
        if self.start_faults:
            raise self.start_faults.pop(0)
        if job.attempt not in self.started:
            self.started.append(job.attempt)

    async def observe(self, job_id: JobId, attempt: int) -> Observation:  # noqa: ARG002  there is one job
        if attempt not in self.started:
            return Observation(ClusterState.UNKNOWN)
        script = self.scripts[attempt - 1]
        seen = script.pop(0) if len(script) > 1 else script[0]
        if attempt in self.stopped:
            return Observation(ClusterState.STOPPED, NOW, NOW)
        if isinstance(seen, Exception):
            raise seen
        return seen

    async def output(self, job_id: JobId, attempt: int) -> str:  # noqa: ARG002  as above
        if self.output_faults:
            raise self.output_faults[0]
        return 'PROGRESS {"loss": "1.5"}\n'

    async def stop(self, job_id: JobId, attempt: int) -> None:  # noqa: ARG002  as above
        self.stopped.append(attempt)

    async def checkpoint_of(self, job: Job) -> str:  # noqa: ARG002  as above
        return "d" * 64 if self.commits_at_start and self.commits_at_start in self.started else ""


def supervision(jobs: FakeJobs, world: FakeWorld) -> Supervision:
    @asynccontextmanager
    async def opener() -> AsyncIterator[FakeJobs]:
        yield jobs

    return Supervision(opener, world, world, poll_seconds=0, away_poll_seconds=0, restart_seconds=0, wall=lambda: NOW)


async def admitted_job(entitlement_id: str = "") -> FakeJobs:
    jobs = FakeJobs()
    await submit_job(jobs, TEAM, SPEC)
    await admit(jobs, JOB, TEAM, entitlement_id)
    return jobs


RUNNING = Observation(ClusterState.RUNNING, NOW)
PENDING = Observation(ClusterState.PENDING, NOW, message="no place yet")
DONE = Observation(ClusterState.SUCCEEDED, NOW, NOW, exit_code=0)
CRASHED = Observation(ClusterState.FAILED, NOW, NOW, "boom", exit_code=1)
LOST = Observation(ClusterState.FAILED, NOW, NOW, "supervisor died", failed_by_cluster=True)


async def test_a_job_runs_once_and_succeeds_with_its_checkpoint() -> None:
    jobs, world = await admitted_job(), FakeWorld([[PENDING, RUNNING, DONE]], commits_at_start=1)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.checkpoint_digest, ended.loss) == (JobState.SUCCEEDED, "d" * 64, "1.5")
    assert world.started == [1]


async def test_a_start_lost_by_the_cluster_is_made_again() -> None:
    jobs, world = await admitted_job(), FakeWorld([[RUNNING, LOST], [RUNNING, DONE]], commits_at_start=2)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.attempt, world.started) == (JobState.SUCCEEDED, 2, [1, 2])


async def test_a_supervisor_that_takes_over_finds_the_running_start() -> None:
    jobs, world = (
        await admitted_job(),
        FakeWorld([[RUNNING, RuntimeError("killed"), RUNNING, DONE]], commits_at_start=1),
    )
    with pytest.raises(RuntimeError, match="killed"):
        await supervise(supervision(jobs, world), JOB)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, world.started) == (JobState.SUCCEEDED, [1])


async def test_a_supervisor_that_died_before_the_start_arrived_makes_the_same_start() -> None:
    jobs = await admitted_job()
    world = FakeWorld([[DONE]], commits_at_start=1, start_faults=[RuntimeError("killed")])
    with pytest.raises(RuntimeError, match="killed"):
        await supervise(supervision(jobs, world), JOB)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.attempt, world.started) == (JobState.SUCCEEDED, 1, [1])


async def test_a_start_that_did_not_arrive_while_the_cluster_was_away_is_no_attempt() -> None:
    jobs = await admitted_job()
    world = FakeWorld([[RUNNING, DONE]], commits_at_start=1, start_faults=[TransientError("away")] * 30)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.attempt, world.started) == (JobState.SUCCEEDED, 1, [1])


async def test_a_job_is_seen_to_its_end_although_its_output_is_lost() -> None:
    jobs = await admitted_job()
    world = FakeWorld([[RUNNING, DONE]], commits_at_start=1, output_faults=[TransientError("the agent is gone")])
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.loss) == (JobState.SUCCEEDED, "")


async def test_a_job_says_why_it_waits_and_why_it_was_started_again() -> None:
    away = TransientError("Ray does not answer")
    jobs = await admitted_job()
    world = FakeWorld([[PENDING, RUNNING, away, RUNNING, LOST], [RUNNING, DONE]], commits_at_start=2)
    told: list[str] = []
    note = jobs.note

    async def listen(job: Job) -> None:
        told.append(job.reason)
        await note(job)

    jobs.note = listen  # type: ignore[method-assign]  # a listener, no other behaviour
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    reasons = [reason for reason, _ in groupby(told) if reason]
    assert reasons == [
        "waits for a place on the cluster: no place yet",
        "waits until what is away answers: Ray does not answer",
        "supervisor died",
    ]
    assert (ended.state, ended.reason) == (JobState.SUCCEEDED, "")


async def test_the_wait_for_a_place_that_never_came_is_not_metered() -> None:
    hour = timedelta(hours=1)
    no_place = Observation(ClusterState.FAILED, NOW - hour, NOW, "no place", failed_by_cluster=True)
    jobs, world = await admitted_job(), FakeWorld([[PENDING, no_place], [PENDING, CRASHED]])
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.failure_class, ended.gpu_seconds) == (JobState.FAILED, FailureClass.WORKLOAD, 0)
    assert [(run.started_at is None, run.ended) for run in jobs.starts[JOB]] == [(True, True), (False, True)]


async def test_a_supervisor_that_was_overtaken_starts_nothing() -> None:
    jobs = await admitted_job()
    await jobs.start_run(replace(jobs.jobs[JOB], state=JobState.RUNNING, attempt=1))
    world = FakeWorld([[DONE], [DONE]], commits_at_start=2)
    world.started.append(1)
    work = supervision(jobs, world)
    observe = world.observe

    async def overtaken(job_id: JobId, attempt: int) -> Observation:
        if len(jobs.starts[JOB]) == 1:
            await jobs.start_run(replace(jobs.jobs[JOB], attempt=2))
            world.started.append(2)
            return LOST
        return await observe(job_id, attempt)

    world.observe = overtaken  # type: ignore[method-assign]  # another supervisor acts while this one looks
    ended = await supervise(work, JOB)
    assert ended is not None
    assert (ended.state, ended.attempt, world.started) == (JobState.SUCCEEDED, 2, [1, 2])


async def test_nothing_is_decided_while_the_cluster_is_away() -> None:
    away: list[Observation | Exception] = [RUNNING, *[TransientError("away")] * 20, DONE]
    jobs, world = await admitted_job(), FakeWorld([away], commits_at_start=1)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, world.started) == (JobState.SUCCEEDED, [1])


async def test_a_crashed_program_fails_by_its_own_doing() -> None:
    jobs, world = await admitted_job(), FakeWorld([[CRASHED]])
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.reason, ended.failure_class) == (JobState.FAILED, "boom", FailureClass.WORKLOAD)


async def test_a_job_whose_end_is_wished_is_stopped_and_cancelled() -> None:
    jobs, world = await admitted_job(), FakeWorld([[RUNNING]])
    work = supervision(jobs, world)
    await jobs.start_run(replace(jobs.jobs[JOB], state=JobState.RUNNING, attempt=1))
    world.started.append(1)
    await cancel(jobs, JOB, TEAM)
    ended = await supervise(work, JOB)
    assert ended is not None
    assert (ended.state, world.stopped) == (JobState.CANCELLED, [1])


async def test_a_running_job_says_why_it_is_stopped_and_ends_with_the_support_that_it_is_held_of() -> None:
    jobs, world = await admitted_job("gpu-1"), FakeWorld([[RUNNING]])
    await jobs.start_run(replace(jobs.jobs[JOB], state=JobState.RUNNING, attempt=1))
    world.started.append(1)
    await lose_support(jobs, LostSupport("gpu-1", TEAM, "stage-1"))
    # What somebody wishes later changes nothing of why.
    await cancel(jobs, JOB, TEAM)
    stop, told = world.stop, list[str]()

    async def listen(job_id: JobId, attempt: int) -> None:
        told.append(jobs.jobs[JOB].reason)
        await stop(job_id, attempt)

    world.stop = listen  # type: ignore[method-assign]  # a listener, no other behaviour
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    why = "the support ended with the decision of stage stage-1"
    assert (ended.state, ended.reason, told, world.stopped) == (JobState.CANCELLED, why, [why], [1])


async def test_a_job_cancelled_before_its_start_is_never_started() -> None:
    jobs, world = await admitted_job(), FakeWorld([])
    await cancel(jobs, JOB, TEAM)
    ended = await supervise(supervision(jobs, world), JOB)
    assert ended is not None
    assert (ended.state, ended.gpu_seconds, world.started) == (JobState.CANCELLED, 0, [])


async def test_a_job_that_has_ended_is_left_as_it_is() -> None:
    jobs = await admitted_job()
    await jobs.end(replace(jobs.jobs[JOB], state=JobState.SUCCEEDED))
    assert await supervise(supervision(jobs, FakeWorld([])), JOB) is None


async def test_a_job_id_is_used_once() -> None:
    jobs = FakeJobs()
    await submit_job(jobs, TEAM, SPEC)
    with pytest.raises(JobTakenError):
        await submit_job(jobs, TEAM, SPEC)


async def test_a_job_for_another_team_than_the_caller_is_refused() -> None:
    with pytest.raises(JobFieldError) as refusal:
        await submit_job(FakeJobs(), TeamId("kt"), SPEC)
    assert refusal.value.field == "spec.team_id"


async def test_another_teams_job_does_not_exist_for_a_team() -> None:
    jobs = await admitted_job()
    assert (await find(jobs, JOB, None)).spec == SPEC
    for call in (find(jobs, JOB, TeamId("kt")), cancel(jobs, JOB, TeamId("kt"))):
        with pytest.raises(NotFoundError):
            await call


async def test_refused_gpu_time_ends_the_job_with_the_reason() -> None:
    jobs = FakeJobs()
    await submit_job(jobs, TEAM, SPEC)
    await refuse(jobs, JOB, TEAM, "NO_ENTITLEMENT: none")
    assert [(job.state, job.reason) for job in jobs.ended] == [(JobState.REFUSED, "NO_ENTITLEMENT: none")]


async def test_a_job_whose_supervision_fails_for_good_is_the_platforms_fault() -> None:
    jobs = await admitted_job()
    await give_up(jobs, JOB, "RayJobRefusedError")
    await give_up(jobs, JOB, "again")
    assert [(job.state, job.failure_class) for job in jobs.ended] == [(JobState.FAILED, FailureClass.INFRASTRUCTURE)]
