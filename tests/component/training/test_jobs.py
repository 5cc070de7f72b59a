"""Jobs on a real PostgreSQL: admitted by news of a hold, seen through by the worker, on a cluster in memory."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import SystemClock
from common.database import Database
from common.errors import NotFoundError, Refused
from common.grpc import Client, GrpcServer, connect
from common.worker import Retries, Worker
from dokpamo.training.v1 import events_pb2
from dokpamo.training.v1 import service_pb2 as pb
from training import events, handlers
from training.app import MIGRATIONS, SERVICE
from training.domain.job import JobId, TeamId
from training.grpc_api import TrainingApi
from training.handlers import Supervision
from training.settings import Settings
from training.store.jobs import JobStore
from training.wire import REASONS

from tests.builders.cluster_in_memory import CheckpointsInMemory, ClusterInMemory
from tests.builders.delivery import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TEAM = "upstage"


@dataclass
class RunningTraining:
    """Training that answers, and what lies behind it."""

    address: str
    issuer: DevelopmentIssuer
    database: Database
    cluster: ClusterInMemory

    @asynccontextmanager
    async def client(self, team: str | None, *roles: str) -> AsyncIterator[Client]:
        token = self.issuer.issue("someone", roles or ("consortium",), team)
        async with connect(self.address, lambda: token, timeout_seconds=30) as channel:
            yield Client(channel, SERVICE)

    async def hold(self, job_id: str, team: str = TEAM) -> None:
        async with self.database.transaction() as tx:
            await handlers.admit(JobStore(tx), JobId(job_id), TeamId(team))

    async def published(self, kind: Any) -> list[Any]:
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)
        return [kind.FromString(row["payload"]) for row in rows]


@pytest.fixture
async def training(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[RunningTraining]:
    issuer = DevelopmentIssuer.create(tmp_path / "issuer.pem")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))
    settings = Settings(
        environment="embedded",
        database_url=fresh_database_url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{free_ports(1)[0]}",
        token_keys=tmp_path / "keys.json",
        service_key=tmp_path / "issuer.pem",
        ray_address="http://127.0.0.1:1",
        registry_address="127.0.0.1:1",
    )
    clock = SystemClock()
    database = Database(fresh_database_url, "training", MIGRATIONS, clock)
    cluster = ClusterInMemory()
    work = Supervision(
        events.opener(database, JobStore),
        cluster,
        CheckpointsInMemory(cluster),
        poll_seconds=0.02,
        away_poll_seconds=0.02,
        restart_seconds=0,
    )
    worker = Worker(
        database,
        clock,
        events.tasks(work, JobStore),
        4,
        on_failed=events.failed_tasks(JobStore),
        retries=Retries(attempts=2, first_pause=timedelta(milliseconds=10)),
    )
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(database)
        await parts.enter_async_context(worker)
        api = TrainingApi(JobStore)
        await parts.enter_async_context(GrpcServer(settings, database, {SERVICE: api}, REASONS, clock))
        yield RunningTraining(settings.grpc_listen, issuer, database, cluster)


def request(job_id: str, **changes: Any) -> pb.SubmitJobRequest:
    usual: dict[str, Any] = {
        "job_id": job_id,
        "team_id": TEAM,
        "period": "2025-h2",
        "model": "solar",
        "gpus": 512,
        "max_seconds": 600,
        "gpu_source": pb.GPU_SOURCE_GRANTED,
        "seed": 2**64 - 1,
        "steps": 300,
    }
    return pb.SubmitJobRequest(request_id=str(uuid4()), team_id=TEAM, spec=pb.JobSpec(**{**usual, **changes}))


async def until(client: Client, job_id: str, *states: pb.JobState.ValueType) -> pb.Job:
    for _ in range(1500):
        job: pb.Job = (await client.GetJob(pb.GetJobRequest(team_id=TEAM, job_id=job_id))).job
        if job.state in states:
            return job
        await asyncio.sleep(0.02)
    pytest.fail(f"job {job_id} is {pb.JobState.Name(job.state)}")


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
