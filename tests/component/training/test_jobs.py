"""Jobs on a real PostgreSQL: admitted by news of a hold, seen through by the worker, on a cluster in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import grpc
import pytest
from common.errors import NotFoundError, Refused
from dokpamo.training.v1 import events_pb2
from dokpamo.training.v1 import service_pb2 as pb
from training import handlers
from training.domain.job import JobId, TeamId
from training.store.jobs import JobStore

from tests.builders.delivery import eventually
from tests.builders.training_service import TEAM, request, until

if TYPE_CHECKING:
    from common.grpc import Client

    from tests.builders.training_service import RunningTraining


async def _loss(client: Client, job_id: str) -> str:
    job = await until(client, job_id, pb.JOB_STATE_RUNNING)
    return str(job.loss)


async def _started(training: RunningTraining, starts: list[tuple[str, int]]) -> bool:
    return training.cluster.started == starts


async def test_a_job_waits_for_its_hold_runs_and_succeeds(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        job = (await team.SubmitJob(request("job-1"))).job
        assert (job.state, job.spec.seed) == (pb.JOB_STATE_SUBMITTED, 2**64 - 1)
        await training.hold("job-1")
        await until(team, "job-1", pb.JOB_STATE_RUNNING)
        training.cluster.finish("job-1", checkpoint="c" * 64)
        ended = await until(team, "job-1", pb.JOB_STATE_SUCCEEDED)
    assert (ended.checkpoint_digest, ended.attempt) == ("c" * 64, 1)
    assert ended.gpu_seconds % 512 == 0
    assert len(await training.published(events_pb2.JobSubmitted)) == 1
    assert [event.attempt for event in await training.published(events_pb2.JobStarted)] == [1]
    (finished,) = await training.published(events_pb2.JobFinished)
    assert (finished.state, finished.checkpoint_digest) == (pb.JOB_STATE_SUCCEEDED, "c" * 64)
    assert (finished.gpu_seconds, finished.gpu_source) == (ended.gpu_seconds, pb.GPU_SOURCE_GRANTED)


async def test_a_second_hold_starts_nothing_twice(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        await training.hold("job-1")
        await until(team, "job-1", pb.JOB_STATE_RUNNING)
        await training.hold("job-1")
        training.cluster.finish("job-1", checkpoint="c" * 64)
        await until(team, "job-1", pb.JOB_STATE_SUCCEEDED)
    assert training.cluster.started == [("job-1", 1)]


async def test_refused_gpu_time_ends_a_job_that_never_ran(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        async with training.database.transaction() as tx:
            await handlers.refuse(JobStore(tx), JobId("job-1"), TeamId(TEAM), "NO_ENTITLEMENT: none")
        ended = await until(team, "job-1", pb.JOB_STATE_REFUSED)
    assert ended.reason == "NO_ENTITLEMENT: none"
    (finished,) = await training.published(events_pb2.JobFinished)
    assert (finished.state, finished.gpu_seconds) == (pb.JOB_STATE_REFUSED, 0)


async def test_news_of_a_hold_for_an_unknown_job_is_refused(training: RunningTraining) -> None:
    with pytest.raises(NotFoundError):
        await training.hold("nobody")


async def test_a_running_start_that_the_cluster_forgot_is_followed_by_another(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        await training.hold("job-1")
        # Its loss is told by the look that first sees it run.
        await eventually(lambda: _loss(team, "job-1"))
        training.cluster.forget()
        await eventually(lambda: _started(training, [("job-1", 1), ("job-1", 2)]))
        training.cluster.finish("job-1", checkpoint="c" * 64)
        assert (await until(team, "job-1", pb.JOB_STATE_SUCCEEDED)).attempt == 2
    starts = await training.published(events_pb2.JobStarted)
    assert [(event.attempt, event.reason) for event in starts] == [(1, ""), (2, "the cluster says unknown")]


async def test_a_job_whose_end_is_wished_is_stopped(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        await training.hold("job-1")
        await until(team, "job-1", pb.JOB_STATE_RUNNING)
        await team.CancelJob(pb.CancelJobRequest(request_id=str(uuid4()), team_id=TEAM, job_id="job-1"))
        ended = await until(team, "job-1", pb.JOB_STATE_CANCELLED)
    assert ended.reason == "cancelled on demand"


async def test_a_crashed_program_says_whose_fault_it_was(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        await training.hold("job-1")
        await until(team, "job-1", pb.JOB_STATE_RUNNING)
        training.cluster.crash("job-1", exit_code=1)
        await until(team, "job-1", pb.JOB_STATE_FAILED)
    (finished,) = await training.published(events_pb2.JobFinished)
    assert finished.failure_class == "workload"


async def test_a_job_id_is_used_once_and_a_bad_field_is_named(training: RunningTraining) -> None:
    async with training.client(TEAM) as team:
        await team.SubmitJob(request("job-1"))
        with pytest.raises(Refused) as refusal:
            await team.SubmitJob(request("job-1"))
        assert refusal.value.code == "JOB_TAKEN"
        for changes, field in (
            ({"gpus": 0}, "spec.gpus"),
            ({"gpu_source": 0}, "spec.gpu_source"),
            ({"hidden_units": 2**32 - 1}, "spec.hidden_units"),
            ({"max_seconds": 2401}, "spec.max_seconds"),
        ):
            with pytest.raises(Refused) as refusal:
                await team.SubmitJob(request("job-2", **changes))
            assert (refusal.value.code, refusal.value.facts["field"]) == ("FIELD_INVALID", field)


async def test_a_team_sees_its_own_jobs_only(training: RunningTraining) -> None:
    async with training.client(TEAM) as team, training.client("kt") as other, training.client(None, "staff") as staff:
        for number in range(3):
            await team.SubmitJob(request(f"job-{number}"))
        with pytest.raises(Refused) as refusal:
            await other.GetJob(pb.GetJobRequest(team_id="kt", job_id="job-1"))
        assert refusal.value.status is grpc.StatusCode.NOT_FOUND
        assert (await other.ListJobs(pb.ListJobsRequest(team_id="kt"))).jobs == []
        page = await staff.ListJobs(pb.ListJobsRequest(page_size=2))
        assert [job.spec.job_id for job in page.jobs] == ["job-0", "job-1"]
        page = await staff.ListJobs(pb.ListJobsRequest(page_size=2, page_token=page.next_page_token))
        assert ([job.spec.job_id for job in page.jobs], page.next_page_token) == (["job-2"], "")
