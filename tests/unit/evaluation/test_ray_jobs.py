"""The client of Ray's Jobs API against answers as Ray 2.60 gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from common.ray_jobs import (
    JobState,
    RayJobRefusedError,
    RayJobs,
    RayJobUnknownError,
    RayUnavailableError,
)


class FakeRay:
    """Jobs by submission id; answers 500 for an id that is taken, as Ray does."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.submitted: list[dict[str, Any]] = []
        self.away = False
        self.broken = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused", request=request)
        if request.method == "POST" and request.url.path == "/api/jobs/":
            return self._submit(json.loads(request.content))
        _, _, _, job, *rest = request.url.path.split("/")
        if job not in self.jobs:
            return httpx.Response(404, text=f"Job {job} does not exist")
        if rest == ["logs"]:
            return httpx.Response(200, json={"logs": "line\n"})
        if rest == ["stop"]:
            self.jobs[job]["status"] = "STOPPED"
            return httpx.Response(200, json={"stopped": True})
        return httpx.Response(200, json=self.jobs[job])

    def _submit(self, body: dict[str, Any]) -> httpx.Response:
        if not body["entrypoint"]:
            return httpx.Response(400, text="Traceback\nTypeError: entrypoint must be a string")
        if self.broken or body["submission_id"] in self.jobs:
            return httpx.Response(500, text="Traceback\nRuntimeError: already exists")
        self.submitted.append(body)
        self.jobs[body["submission_id"]] = {"status": "PENDING", "message": "queued", "start_time": 1_700_000_000_500}
        return httpx.Response(200, json={"submission_id": body["submission_id"]})


@pytest.fixture
def ray() -> FakeRay:
    return FakeRay()


def client(ray: FakeRay) -> RayJobs:
    return RayJobs("http://ray:8265/", transport=httpx.MockTransport(ray))


async def test_a_job_is_submitted_with_its_environment_and_needs(ray: FakeRay) -> None:
    async with client(ray) as jobs:
        await jobs.submit("run-1", "python -m x", {"A": "b"}, num_gpus=2, num_cpus=0.5)
    assert ray.submitted == [
        {
            "entrypoint": "python -m x",
            "submission_id": "run-1",
            "runtime_env": {"env_vars": {"A": "b"}},
            "entrypoint_num_cpus": 0.5,
            "entrypoint_num_gpus": 2,
        }
    ]


async def test_a_repeated_submission_finds_the_job_that_is_there(ray: FakeRay) -> None:
    async with client(ray) as jobs:
        await jobs.submit("run-1", "python -m x", {})
        await jobs.submit("run-1", "python -m x", {})
    assert len(ray.submitted) == 1


async def test_a_server_error_without_a_job_is_an_absence_to_be_waited_out(ray: FakeRay) -> None:
    ray.broken = True
    async with client(ray) as jobs:
        with pytest.raises(RayUnavailableError):
            await jobs.submit("run-1", "python -m x", {})


async def test_ray_that_cannot_be_reached_is_an_absence_to_be_waited_out(ray: FakeRay) -> None:
    ray.away = True
    async with client(ray) as jobs:
        with pytest.raises(RayUnavailableError):
            await jobs.status("run-1")


async def test_an_invalid_job_is_refused_with_rays_last_words(ray: FakeRay) -> None:
    async with client(ray) as jobs:
        with pytest.raises(RayJobRefusedError) as refused:
            await jobs.submit("run-1", "", {})
    assert refused.value.problem == "HTTP 400: TypeError: entrypoint must be a string"


async def test_an_unknown_job_has_no_status_and_no_logs_and_can_be_stopped(ray: FakeRay) -> None:
    async with client(ray) as jobs:
        assert await jobs.status("nothing") is None
        await jobs.stop("nothing")
        with pytest.raises(RayJobUnknownError):
            await jobs.logs("nothing")


async def test_a_stopped_job_is_final(ray: FakeRay) -> None:
    async with client(ray) as jobs:
        await jobs.submit("run-1", "python -m x", {})
        started = await jobs.status("run-1")
        assert started is not None
        assert (started.state, started.state.is_final) == (JobState.PENDING, False)
        assert started.started_at == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
        await jobs.stop("run-1")
        stopped = await jobs.status("run-1")
        assert stopped is not None
        assert stopped.state.is_final
        assert await jobs.logs("run-1") == "line\n"


@pytest.mark.parametrize(
    ("error_type", "by_cluster"),
    [("JOB_ENTRYPOINT_COMMAND_ERROR", False), ("JOB_SUPERVISOR_ACTOR_DIED", True), (None, True)],
)
async def test_a_failure_of_the_cluster_is_told_from_one_of_the_program(
    ray: FakeRay, error_type: str | None, by_cluster: bool
) -> None:
    ray.jobs["run-1"] = {"status": "FAILED", "error_type": error_type, "driver_exit_code": 1, "message": None}
    async with client(ray) as jobs:
        info = await jobs.status("run-1")
    assert info is not None
    assert (info.failed_by_cluster, info.exit_code, info.message) == (by_cluster, 1, "")


async def test_the_client_is_entered_before_use(ray: FakeRay) -> None:
    with pytest.raises(RuntimeError, match="enter it"):
        await client(ray).status("run-1")
