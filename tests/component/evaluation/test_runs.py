"""Benchmark runs of committed checkpoints."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dokpamo.evaluation.v1 import events_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb
from dokpamo.registry.v1 import events_pb2 as registry

from tests.builders.evaluation_service import NOW, Evaluation


def committed() -> registry.CheckpointCommitted:
    event = registry.CheckpointCommitted(checkpoint_digest="cd" * 32)
    event.checkpoint.team_id = "upstage"
    event.checkpoint.declaration.period = "2025-h2"
    return event


async def ended_run(evaluation: Evaluation) -> pb.BenchmarkRun:
    client = await evaluation.as_("kim", "staff")
    async with evaluation.working(), asyncio.timeout(20):
        while True:
            (run,) = (await client.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest())).runs
            if run.state in {"completed", "failed"}:
                return run  # type: ignore[no-any-return]  # clients are built from descriptors
            await asyncio.sleep(0.05)


async def test_a_committed_checkpoint_is_measured_once_however_often_it_is_announced(evaluation: Evaluation) -> None:
    await evaluation.hear(committed())
    await evaluation.hear(committed())
    run = await ended_run(evaluation)
    assert (run.state, run.items, run.accuracy, run.bits_per_byte) == ("completed", 1000, "0.4125", "3.1010")
    assert (run.team_id, run.period, run.suite) == ("upstage", "2025-h2", "next-byte")
    assert list(evaluation.cluster.jobs) == [run.run_id]
    (finished,) = await evaluation.events(events_pb2.BenchmarkRunFinished)
    assert finished.run == run


async def test_a_run_whose_job_is_invalid_fails_with_the_jobs_last_words(evaluation: Evaluation) -> None:
    evaluation.cluster.exit_code = 2
    await evaluation.hear(committed())
    run = await ended_run(evaluation)
    assert (run.state, run.accuracy) == ("failed", "")
    assert "no such file" in run.reason
    (finished,) = await evaluation.events(events_pb2.BenchmarkRunFinished)
    assert finished.run == run


async def test_a_run_that_waits_says_for_what_and_goes_on_by_itself(evaluation: Evaluation) -> None:
    client = await evaluation.as_("kim", "staff")
    evaluation.cluster.away = True
    await evaluation.hear(committed())
    async with evaluation.working(), asyncio.timeout(20):
        while True:
            (run,) = (await client.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest())).runs
            if run.reason:
                break
            await asyncio.sleep(0.05)
    assert (run.state, run.reason) == ("running", "waits for the cluster, which does not answer")
    evaluation.cluster.away = False
    run = await ended_run(evaluation)
    assert (run.state, run.reason) == ("completed", "")


async def test_a_run_has_a_deadline_until_it_has_ended(evaluation: Evaluation) -> None:
    await evaluation.hear(committed())
    async with evaluation.database.transaction() as tx:
        (process,) = await tx.processes.list()
    assert (process.state, process.owner, process.deadline) == (
        "measuring",
        "service:evaluation",
        NOW + timedelta(hours=1),
    )
    run = await ended_run(evaluation)
    async with evaluation.database.transaction() as tx:
        (process,) = await tx.processes.list()
    assert (process.id, process.state, process.deadline) == (run.run_id, "completed", None)
