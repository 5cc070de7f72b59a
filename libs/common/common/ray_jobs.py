"""Jobs on a Ray cluster by its Jobs REST API, without importing Ray.

Submission ids are chosen by the caller, so that a repeated submission finds the job that already runs. Ray forgets its
jobs when its head is started again: an unknown id then means that the job is gone, not that it never was.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import httpx

from common.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_TIMEOUT_SECONDS: Final = 30.0
_MILLISECONDS: Final = 1000
# The program itself ended badly; every other error of Ray's list is the cluster's and says nothing of the program.
_PROGRAM_ERRORS: Final = frozenset({"JOB_ENTRYPOINT_COMMAND_ERROR"})


class JobState(Enum):
    """Where a job is."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPED = "stopped"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether the job cannot change any more."""
        return self in {JobState.STOPPED, JobState.SUCCEEDED, JobState.FAILED}


@dataclass(frozen=True, slots=True)
class JobInfo:
    """What Ray knows of a job. Instants are UTC on the machine's clock, never the programme's."""

    state: JobState
    started_at: datetime | None
    ended_at: datetime | None
    message: str
    exit_code: int | None
    # It failed for the cluster's sake (its supervisor died or never started), not because its program did.
    failed_by_cluster: bool


class RayUnavailableError(TransientError):
    """The Jobs API cannot be reached or answered with a server error."""

    def __init__(self, address: str, problem: str) -> None:
        """Keep the `address` and the `problem` in words."""
        super().__init__(f"Ray at {address}: {problem}")
        self.address = address
        self.problem = problem


class RayJobRefusedError(Exception):
    """The Jobs API refused a request as invalid."""

    def __init__(self, submission_id: str, problem: str) -> None:
        """Keep the `submission_id` and the `problem` in words."""
        super().__init__(f"Ray refused job {submission_id}: {problem}")
        self.submission_id = submission_id
        self.problem = problem


class RayJobUnknownError(Exception):
    """Ray knows no such job."""

    def __init__(self, submission_id: str) -> None:
        """Keep the `submission_id`."""
        super().__init__(f"Ray knows no job {submission_id}")
        self.submission_id = submission_id


class RayJobs:
    """A client of the Jobs API; a part, to be entered before use."""

    def __init__(self, address: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Talk to the dashboard at `address`, for example "http://127.0.0.1:8265"; `transport` is for tests."""
        self._address = address.rstrip("/")
        self._transport = transport
        self._stack = AsyncExitStack()
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Open the connections."""
        client = httpx.AsyncClient(
            base_url=self._address,
            timeout=_TIMEOUT_SECONDS,
            transport=self._transport,
            trust_env=False,  # a proxy of the machine has no place between a service and its cluster
        )
        self._http = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http = None
        await self._stack.aclose()

    async def submit(
        self, submission_id: str, entrypoint: str, env: Mapping[str, str], *, num_gpus: float = 0, num_cpus: float = 1
    ) -> None:
        """Start `entrypoint` with the environment `env` as job `submission_id`; a job of that id is left as it is.

        Raises `RayJobRefusedError` for a request that Ray calls invalid and `RayUnavailableError` without an answer.
        """
        body = {
            "entrypoint": entrypoint,
            "submission_id": submission_id,
            "runtime_env": {"env_vars": dict(env)},
            "entrypoint_num_cpus": num_cpus,
            "entrypoint_num_gpus": num_gpus,
        }
        answer = await self._send("POST", "/api/jobs/", body)
        if answer.is_success:
            return
        # Ray answers 500 for an id that is taken, as it does for its own faults: only asking tells them apart.
        if answer.is_server_error and await self.status(submission_id) is not None:
            return
        self._raise_for(answer, submission_id)

    async def status(self, submission_id: str) -> JobInfo | None:
        """Return what Ray knows of the job; `None` if it knows none. Raises `RayUnavailableError`."""
        answer = await self._send("GET", _path(submission_id))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        self._raise_for(answer, submission_id)
        return _job_info(answer.json())

    async def logs(self, submission_id: str) -> str:
        """Return all the job has printed. Raises `RayJobUnknownError` and `RayUnavailableError`."""
        answer = await self._send("GET", f"{_path(submission_id)}/logs")
        self._raise_for(answer, submission_id)
        return str(answer.json()["logs"])

    async def stop(self, submission_id: str) -> None:
        """End the job; one that is unknown or has ended is left alone. Raises `RayUnavailableError`."""
        answer = await self._send("POST", f"{_path(submission_id)}/stop")
        if answer.status_code != httpx.codes.NOT_FOUND:
            self._raise_for(answer, submission_id)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        if self._http is None:
            message = "RayJobs is a part: enter it before use"
            raise RuntimeError(message)
        try:
            return await self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise RayUnavailableError(self._address, repr(error)) from error

    def _raise_for(self, answer: httpx.Response, submission_id: str) -> None:
        if answer.is_success:
            return
        problem = f"HTTP {answer.status_code}: {answer.text.strip().rpartition(chr(10))[2]}"
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise RayJobUnknownError(submission_id)
        if answer.is_server_error:
            raise RayUnavailableError(self._address, problem)
        raise RayJobRefusedError(submission_id, problem)


def _path(submission_id: str) -> str:
    return f"/api/jobs/{quote(submission_id, safe='')}"


def _job_info(body: Mapping[str, Any]) -> JobInfo:
    state = JobState(body["status"].lower())
    return JobInfo(
        state=state,
        started_at=_instant(body.get("start_time")),
        ended_at=_instant(body.get("end_time")),
        message=body.get("message") or "",
        exit_code=body.get("driver_exit_code"),
        failed_by_cluster=state is JobState.FAILED and body.get("error_type") not in _PROGRAM_ERRORS,
    )


def _instant(milliseconds: int | None) -> datetime | None:
    return None if not milliseconds else datetime.fromtimestamp(milliseconds / _MILLISECONDS, UTC)
