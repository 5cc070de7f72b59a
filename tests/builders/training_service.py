"""Training's own parts in this process, on a cluster in memory; without Kafka its events stay in its outbox."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import SystemClock
from common.database import Database
from common.grpc import Client, GrpcServer, connect
from common.worker import Retries, Worker
from dokpamo.training.v1 import service_pb2 as pb
from training import events, handlers
from training.app import MIGRATIONS, SERVICE
from training.domain.job import JobId, TeamId
from training.domain.support import LostSupport
from training.grpc_api import TrainingApi
from training.handlers import Supervision
from training.settings import Settings
from training.store.jobs import JobStore
from training.wire import REASONS

from tests.builders.cluster_in_memory import CheckpointsInMemory, ClusterInMemory

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
        """A client in the name of someone of a team."""
        token = self.issuer.issue("someone", roles or ("consortium",), team)
        async with connect(self.address, lambda: token, timeout_seconds=30) as channel:
            yield Client(channel, SERVICE)

    async def hold(self, job_id: str, team: str = TEAM, entitlement_id: str = "") -> None:
        """Tell that GPU time is held for a job."""
        async with self.database.transaction() as tx:
            await handlers.admit(JobStore(tx), JobId(job_id), TeamId(team), entitlement_id)

    async def lose(self, entitlement_id: str, stage_id: str = "stage-1", team: str = TEAM) -> None:
        """Tell that a stage took an entitlement."""
        async with self.database.transaction() as tx:
            await handlers.lose_support(JobStore(tx), LostSupport(entitlement_id, TeamId(team), stage_id))

    async def published(self, kind: Any) -> list[Any]:
        """Events of a kind, the first first."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)
        return [kind.FromString(row["payload"]) for row in rows]


@asynccontextmanager
async def running_training(folder: Path, database_url: str) -> AsyncIterator[RunningTraining]:
    """Training with all its parts that need no Kafka and no Ray."""
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    settings = Settings(
        environment="embedded",
        database_url=database_url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{free_ports(1)[0]}",
        token_keys=folder / "keys.json",
        service_key=folder / "issuer.pem",
        ray_address="http://127.0.0.1:1",
        registry_address="127.0.0.1:1",
    )
    clock = SystemClock()
    database = Database(database_url, "training", MIGRATIONS, clock)
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
    """A request of the usual team to train."""
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
    """The job once it is in one of these states."""
    for _ in range(1500):
        job: pb.Job = (await client.GetJob(pb.GetJobRequest(team_id=TEAM, job_id=job_id))).job
        if job.state in states:
            return job
        await asyncio.sleep(0.02)
    pytest.fail(f"job {job_id} is {pb.JobState.Name(job.state)}")
