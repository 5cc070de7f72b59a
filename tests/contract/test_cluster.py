"""What training expects of a cluster, on the one in memory and on a real Ray."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from client.stack.ports import free_ports
from client.stack.ray_head import RayPorts, ray_part
from client.stack.single import SinglePart
from common.ray_jobs import RayJobs
from training.domain.job import FailureClass, GpuSource, Job, JobId, JobSpec, JobState, TeamId
from training.domain.progress import ClusterState, Observation, failure_class
from training.store.ray_cluster import RayCluster

from tests.builders.cluster_in_memory import ClusterInMemory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from training.handlers import Cluster

RAY_PORTS = len(RayPorts.__dataclass_fields__)
SOON = 120


@pytest.fixture(scope="module")
def ray_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinglePart]:
    folder: Path = tmp_path_factory.mktemp("ray")
    with SinglePart(ray_part(folder / "ray", RayPorts.of(free_ports(RAY_PORTS))), folder / "ray.log") as part:
        yield part


@pytest.fixture(params=["memory", "ray"])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    if request.param == "memory":
        yield ClusterInMemory()
        return
    head: SinglePart = request.getfixturevalue("ray_head")
    async with RayJobs(head.address) as ray:
        # Nobody listens there: the program waits for its registry until it is stopped.
        yield RayCluster(ray, f"127.0.0.1:{free_ports(1)[0]}", lambda _: "token")


def job(*, steps: int = 300) -> Job:
    job_id = JobId(f"job-{uuid4().hex[:8]}")
    spec = JobSpec(job_id, TeamId("upstage"), "2025-h2", "solar", 512, 600, GpuSource.OWN, 7, steps, 0, "")
    return Job(spec, JobState.RUNNING, datetime.now(UTC), attempt=1)


async def until(cluster: Cluster, one: Job, *states: ClusterState) -> Observation:
    for _ in range(SOON * 10):
        seen = await cluster.observe(one.spec.job_id, one.attempt)
        if seen.state in states:
            return seen
        await asyncio.sleep(0.1)
    pytest.fail(f"the start is {seen}")


async def test_a_start_that_never_was_is_unknown_and_can_be_stopped(cluster: Cluster) -> None:
    one = job()
    assert (await cluster.observe(one.spec.job_id, 1)).state is ClusterState.UNKNOWN
    assert await cluster.output(one.spec.job_id, 1) == ""
    await cluster.stop(one.spec.job_id, 1)


async def test_a_start_is_found_by_its_id_made_once_and_ended_by_a_stop(cluster: Cluster) -> None:
    one = job()
    before = datetime.now(UTC) - timedelta(seconds=1)
    await cluster.start(one)
    await cluster.start(one)
    running = await until(cluster, one, ClusterState.RUNNING)
    assert running.started_at is not None
    assert running.started_at >= before
    await cluster.stop(one.spec.job_id, 1)
    ended = await until(cluster, one, ClusterState.STOPPED, ClusterState.FAILED)
    assert ended.ended_at is not None
    assert ended.ended_at >= running.started_at
    assert failure_class(ended) is FailureClass.INFRASTRUCTURE
    await cluster.stop(one.spec.job_id, 1)
    assert (await cluster.observe(one.spec.job_id, 2)).state is ClusterState.UNKNOWN


async def test_a_program_that_ends_badly_by_itself_is_the_workloads_fault(cluster: Cluster) -> None:
    # No job of the platform has so many steps: the program calls it invalid and ends with its own status.
    one = job(steps=200_000)
    await cluster.start(one)
    if isinstance(cluster, ClusterInMemory):
        cluster.crash(one.spec.job_id, exit_code=2)
    ended = await until(cluster, one, ClusterState.FAILED)
    assert (ended.exit_code, failure_class(ended)) == (2, FailureClass.WORKLOAD)
