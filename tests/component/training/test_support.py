"""Support that a final decision takes: jobs on it end, whatever comes first, and their GPU time goes back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from common.clock import SystemClock
from common.consumer import Consumers, Limits
from common.database import Database
from common.outbox import Relay
from common.topics import TopicProvisioner
from dokpamo.training.v1 import events_pb2
from dokpamo.training.v1 import service_pb2 as pb
from grants import events as grants_events
from grants import handlers as grants
from grants.app import MIGRATIONS as GRANTS_MIGRATIONS
from grants.domain import ledger
from grants.domain.decision import Elimination, FinalDecision
from grants.domain.entitlement import Entitlement, SupportKind
from grants.store import GrantsStore, GrantsViews
from grants.wire import REASONS as GRANTS_REASONS
from training import events
from training.store.jobs import JobStore
from training.wire import REASONS

from tests.builders.delivery import eventually, platform
from tests.builders.training_service import TEAM, request, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.builders.training_service import RunningTraining

ENDED = "the support ended with the decision of stage stage-1"
# A cluster that other tests share has news of their jobs, which are parked.
LIMITS = Limits(parked=1_000_000)


@asynccontextmanager
async def running_grants(training: RunningTraining, url: str, bootstrap: list[str]) -> AsyncIterator[Database]:
    """Grants beside `training`, and Kafka between the two."""
    settings, clock = platform(bootstrap), SystemClock()
    database = Database(url, "grants", GRANTS_MIGRATIONS, clock)
    theirs, ours = grants_events.subscriptions(GrantsStore), events.subscriptions(JobStore)
    async with AsyncExitStack() as parts:
        for part in (
            database,
            TopicProvisioner(settings),
            Relay(settings, database),
            Relay(settings, training.database),
            Consumers(settings, database, theirs, GRANTS_REASONS, clock, limits=LIMITS),
            Consumers(settings, training.database, ours, REASONS, clock, limits=LIMITS),
        ):
            await parts.enter_async_context(part)
        yield database


async def decide(database: Database, decision: FinalDecision) -> None:
    async with database.transaction() as tx:
        await grants.apply_decision(decision, GrantsStore(tx))


async def test_jobs_on_lost_support_are_stopped_metered_and_released_and_those_on_own_gpus_go_on(
    training: RunningTraining, fresh_database_url: str, kafka_bootstrap: list[str]
) -> None:
    now, chosen, team = datetime.now(UTC), f"presentation-{uuid4().hex[:8]}", ledger.TeamId(TEAM)
    begins, ends = now - timedelta(days=1), now + timedelta(days=10)
    support = Entitlement(team, SupportKind.GPU, 1024, begins, ends, chosen, "aa" * 32, begins)
    out = Elimination(team, frozenset({SupportKind.GPU}), "stage-1", now)
    async with (
        running_grants(training, fresh_database_url, kafka_bootstrap) as database,
        training.client(TEAM) as client,
    ):
        await decide(database, FinalDecision(chosen, "aa" * 32, (support,), (), begins))
        granted, own, late = (f"{kind}-{uuid4().hex[:8]}" for kind in ("granted", "own", "late"))
        await client.SubmitJob(request(granted))
        await client.SubmitJob(request(own, gpu_source=pb.GPU_SOURCE_OWN))
        for job in (granted, own):
            await until(client, job, pb.JOB_STATE_RUNNING)
        await decide(database, FinalDecision("stage-1", "bb" * 32, (), (out,), now))
        ended = await until(client, granted, pb.JOB_STATE_CANCELLED)
        assert ended.reason == ENDED
        assert ended.gpu_seconds > 0

        async def balances() -> dict[str, int]:
            async with database.transaction(readonly=True) as tx:
                return {account.split(":")[1]: left for account, _, left in await GrantsViews(tx).balances(team)}

        async def settled() -> bool:
            return (await balances())["held"] == 0

        await eventually(settled)
        assert await balances() == {"granted": 0, "held": 0, "forfeited": 0, "spent": ended.gpu_seconds}
        await client.SubmitJob(request(late))
        assert (await until(client, late, pb.JOB_STATE_REFUSED)).reason.startswith("NO_ENTITLEMENT: ")
        assert (await client.GetJob(pb.GetJobRequest(team_id=TEAM, job_id=own))).job.state == pb.JOB_STATE_RUNNING
        training.cluster.finish(own, checkpoint="c" * 64)
        await until(client, own, pb.JOB_STATE_SUCCEEDED)


async def test_a_hold_that_is_told_after_the_loss_starts_nothing(training: RunningTraining) -> None:
    async with training.client(TEAM) as client:
        await training.lose("gpu-1")
        await client.SubmitJob(request("job-1"))
        await training.hold("job-1", entitlement_id="gpu-1")
        await training.hold("job-1", entitlement_id="gpu-1")
        ended = await until(client, "job-1", pb.JOB_STATE_CANCELLED)
    assert (ended.reason, ended.gpu_seconds, training.cluster.started) == (ENDED, 0, [])
    (finished,) = await training.published(events_pb2.JobFinished)
    assert (finished.state, finished.reason, finished.gpu_source) == (
        pb.JOB_STATE_CANCELLED, ENDED, pb.GPU_SOURCE_GRANTED,
    )  # fmt: skip


async def test_a_loss_ends_what_is_held_of_it_once_and_nothing_else(training: RunningTraining) -> None:
    async with training.client(TEAM) as client:
        for job, entitlement in (("job-1", "gpu-1"), ("job-2", "gpu-2"), ("job-3", "")):
            await client.SubmitJob(request(job))
            await training.hold(job, entitlement_id=entitlement)
            await until(client, job, pb.JOB_STATE_RUNNING)
        await training.lose("gpu-1")
        await until(client, "job-1", pb.JOB_STATE_CANCELLED)
        await training.lose("gpu-1", "stage-2")
        for job in ("job-2", "job-3"):
            training.cluster.finish(job, checkpoint=job[-1] * 64)
            await until(client, job, pb.JOB_STATE_SUCCEEDED)
        assert (await client.GetJob(pb.GetJobRequest(team_id=TEAM, job_id="job-1"))).job.reason == ENDED
    assert len(await training.published(events_pb2.JobFinished)) == 3


async def test_a_checkpoint_that_was_committed_before_the_stop_counts(training: RunningTraining) -> None:
    async with training.client(TEAM) as client:
        await client.SubmitJob(request("job-1"))
        await training.hold("job-1", entitlement_id="gpu-1")
        await until(client, "job-1", pb.JOB_STATE_RUNNING)
        training.cluster.committed["job-1"] = "c" * 64
        await training.lose("gpu-1")
        ended = await until(client, "job-1", pb.JOB_STATE_SUCCEEDED, pb.JOB_STATE_CANCELLED)
    assert (ended.state, ended.checkpoint_digest) == (pb.JOB_STATE_SUCCEEDED, "c" * 64)


async def test_a_hold_and_the_loss_at_the_same_moment_leave_no_job_running(training: RunningTraining) -> None:
    async with training.client(TEAM) as client:
        for number in range(8):
            await client.SubmitJob(request(f"job-{number}"))
            await asyncio.gather(
                training.hold(f"job-{number}", entitlement_id=f"gpu-{number}"), training.lose(f"gpu-{number}")
            )
            assert (await until(client, f"job-{number}", pb.JOB_STATE_CANCELLED)).reason == ENDED
