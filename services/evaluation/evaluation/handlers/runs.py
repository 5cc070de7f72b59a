"""Benchmark runs: one for each committed checkpoint, done as a job on the cluster."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from common.errors import NotFoundError, TransientError
from common.ray_jobs import JobState, RayJobUnknownError, RayUnavailableError

from evaluation.domain.run import (
    SUITE,
    Figures,
    ResultUnreadableError,
    Run,
    RunFailedError,
    RunState,
    figures,
    job_id,
    run_id,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.ray_jobs import JobInfo

    from evaluation.domain.run import RunId
    from evaluation.domain.stage import TeamId

TASK: Final = "benchmark-run"
_JOB_VARIABLE: Final = "DOKPAMO_JOB"
# Linux starts no program with a longer variable (128 KiB with its name).
_MOST_TOLD: Final = 120_000
_RESULT: Final = "RESULT "
# Measuring is one thread for a second or two: several may share a core.
_JOB_CPUS: Final = 0.5
# How often the program itself may fail; what the platform breaks is done again until it succeeds.
_ATTEMPTS: Final = 8
_LOG_TRIES: Final = 5
_POLL_SECONDS: Final = 0.3
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 15.0
# What scale_model says when the job itself is wrong: the same job would be wrong again.
_JOB_INVALID: Final = 2
# What it says when the store was away (EX_TEMPFAIL of sysexits).
_PLATFORM_AWAY: Final = 75
# A reason is public; the query of a presigned URL lets anyone read the checkpoint.
_SIGNATURE: Final = re.compile(r"\?\S+")


@dataclass(frozen=True, slots=True)
class PartSource:
    """A part of a file: offset in it and size in bytes, SHA-256, and a short-lived URL to read it."""

    offset_bytes: int
    size_bytes: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckpointSource:
    """A file of a checkpoint and its parts in order."""

    path: str
    size_bytes: int
    sha256: str
    parts: tuple[PartSource, ...]


class Runs(Protocol):
    """Benchmark runs, in one transaction."""

    async def run(self, run: RunId) -> Run | None:
        """Return a run, locked until the transaction ends."""
        ...

    async def runs(self, after: int, limit: int) -> tuple[list[Run], int | None]:
        """Return up to `limit` runs after a position in order of start, and where the next page begins."""
        ...

    async def add_run(self, run: Run) -> bool:
        """Keep a new run and have it done; return `False` where it exists."""
        ...

    async def keep_run(self, run: Run) -> None:
        """Keep how a run stands now."""
        ...

    async def end_run(self, run: Run) -> None:
        """Keep how a run ended and publish it."""
        ...


class Cluster(Protocol):
    """Runs jobs; a submission id names a job for good."""

    async def submit(
        self, submission_id: str, entrypoint: str, env: Mapping[str, str], *, num_gpus: float = 0, num_cpus: float = 1
    ) -> None:
        """Start a job; one of that id is left as it is."""
        ...

    async def status(self, submission_id: str) -> JobInfo | None:
        """Return how a job stands; `None` if the cluster knows none."""
        ...

    async def logs(self, submission_id: str) -> str:
        """Return all a job has printed."""
        ...


class TooManyFilesError(Exception):
    """A checkpoint is larger than a job can be told of."""


class Checkpoints(Protocol):
    """Where the files of checkpoints can be read."""

    async def sources(self, checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        """Return the files of a checkpoint with URLs that are good now. Raises `TooManyFilesError`."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run is done with: the cluster, the checkpoints, the cluster's Python and how to wait (seconds)."""

    cluster: Cluster
    checkpoints: Checkpoints
    python: str
    sleep: Callable[[float], Awaitable[object]]


async def queue_run(checkpoint_digest: str, team_id: TeamId, period: str, runs: Runs) -> None:
    """Have a committed checkpoint measured; one that has its run already is left alone."""
    await runs.add_run(Run(run_id(checkpoint_digest, SUITE), checkpoint_digest, team_id, period, SUITE))


async def begin_run(run: RunId, runs: Runs) -> Run:
    """Return a run, running now unless it has ended; raise `NotFoundError`."""
    current = await _found(run, runs)
    if current.state is not RunState.QUEUED:
        return current
    current = replace(current, state=RunState.RUNNING)
    await runs.keep_run(current)
    return current


async def complete_run(run: RunId, measured: Figures, runs: Runs) -> None:
    """Keep what a run measured, and say so, once."""
    await _end(await _found(run, runs), RunState.COMPLETED, runs, measured=measured)


async def fail_run(run: RunId, reason: str, runs: Runs) -> None:
    """Keep why a run cannot be completed, and say so, once."""
    await _end(await _found(run, runs), RunState.FAILED, runs, reason=reason)


async def tell_waiting(run: RunId, reason: str, runs: Runs) -> None:
    """Let people see why a run does not go on."""
    current = await _found(run, runs)
    if current.state is RunState.RUNNING and current.reason != reason:
        await runs.keep_run(replace(current, reason=reason))


async def see_through(run: Run, bench: Bench, tell: Callable[[str], Awaitable[None]]) -> Figures:
    """Return the figures of `run` however long cluster or registry are away; `tell` is told why it waits.

    Raises `RunFailedError`.
    """
    tries = 0
    while True:
        try:
            return await measure(run, bench, tell)
        except TransientError as error:
            who = "the cluster" if isinstance(error, RayUnavailableError) else "the registry"
            await tell(f"waits for {who}, which does not answer")
        await bench.sleep(_pause(tries))
        tries += 1


async def measure(run: Run, bench: Bench, tell: Callable[[str], Awaitable[None]]) -> Figures:
    """Return the figures of `run` from its job on the cluster, begun if need be; may be called again at any point.

    A job that the cluster lost or that ended for the platform's sake is followed by the next attempt's. Raises
    `RunFailedError` when no further attempt makes sense, and `TransientError` where cluster or registry are away.
    """
    attempt, own_failures = 1, 0
    while True:
        job = job_id(run.run_id, attempt)
        ended = await _ended(run, job, bench)
        log = await _log(job, bench)
        if ended.state is JobState.SUCCEEDED and log is not None:
            try:
                return read_result(log)
            except ResultUnreadableError as error:
                reason = str(error)
        else:
            reason = _why(job, ended, log or "")
        own_failures += log is not None and not _platform_fault(ended)
        if ended.exit_code == _JOB_INVALID or own_failures == _ATTEMPTS:
            raise RunFailedError(run.run_id, reason)
        await tell(f"is tried again: {reason}")
        await bench.sleep(_pause(attempt - 1))
        attempt += 1


def _platform_fault(ended: JobInfo) -> bool:
    """Return whether the cluster lost the job, or its program found the store away: nobody's but the platform's."""
    return ended.failed_by_cluster or ended.exit_code == _PLATFORM_AWAY


def _pause(tries: int) -> float:
    return min(_FIRST_PAUSE_SECONDS * 2.0 ** min(tries, 10), _LONGEST_PAUSE_SECONDS)


async def _log(job: str, bench: Bench) -> str | None:
    """Return what a job printed; `None` where that is lost while the cluster itself answers."""
    for tries in range(_LOG_TRIES):
        try:
            return await bench.cluster.logs(job)
        except RayJobUnknownError:
            return None
        except RayUnavailableError:
            # Raises where the cluster is away as a whole.
            await bench.cluster.status(job)
        await bench.sleep(_pause(tries))
    return None


def read_result(log: str) -> Figures:
    """Return the figures in the last line `RESULT {json}` of a job's log; raise `ResultUnreadableError`."""
    lines = [line for line in log.splitlines() if line.startswith(_RESULT)]
    if not lines:
        raise ResultUnreadableError("line", "", "a job that ends well prints one line RESULT {json}")
    try:
        found = json.loads(lines[-1].removeprefix(_RESULT))
    except json.JSONDecodeError as error:
        raise ResultUnreadableError("line", lines[-1][:200], f"must be JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise ResultUnreadableError("line", lines[-1][:200], "must be a JSON object")
    return figures(found.get("items"), found.get("accuracy"), found.get("bits_per_byte"))


async def _ended(run: Run, job: str, bench: Bench) -> JobInfo:
    """Return how the job of an attempt ended; a job that the cluster does not know is submitted."""
    submissions = 0
    while True:
        while (info := await bench.cluster.status(job)) is not None:
            if info.state.is_final:
                return info
            await bench.sleep(_POLL_SECONDS)
        if submissions:
            await bench.sleep(_pause(submissions - 1))
        try:
            told = json.dumps(await _parameters(run, bench.checkpoints))
        except TooManyFilesError as error:
            raise RunFailedError(run.run_id, f"suite {run.suite} takes no checkpoint of so many files") from error
        entrypoint = f"{shlex.quote(bench.python)} -m scale_model evaluate"
        await bench.cluster.submit(job, entrypoint, {_JOB_VARIABLE: told}, num_cpus=_JOB_CPUS)
        submissions += 1


async def _parameters(run: Run, checkpoints: Checkpoints) -> dict[str, Any]:
    sources = await checkpoints.sources(run.checkpoint_digest)
    told = {
        "run_id": run.run_id,
        "checkpoint_digest": run.checkpoint_digest,
        "sources": [
            {
                "path": each.path,
                "size_bytes": each.size_bytes,
                "sha256": each.sha256,
                "parts": [asdict(part) for part in each.parts],
            }
            for each in sources
        ],
    }
    if len(json.dumps(told)) > _MOST_TOLD:
        raise TooManyFilesError
    return told


def _why(job: str, ended: JobInfo, log: str) -> str:
    """Return why a job gave no result: its own last words where it has any."""
    if ended.failed_by_cluster:
        return f"job {job} was lost by the cluster: {ended.message}"
    lines = [line for line in log.splitlines() if line.strip()]
    words = _SIGNATURE.sub("?...", lines[-1] if lines else ended.message)
    return f"job {job} {ended.state.value} with exit status {ended.exit_code}: {words}"


async def _end(run: Run, state: RunState, runs: Runs, *, measured: Figures | None = None, reason: str = "") -> None:
    if run.state in {RunState.COMPLETED, RunState.FAILED}:
        return
    await runs.end_run(replace(run, state=state, figures=measured, reason=reason))


async def _found(run: RunId, runs: Runs) -> Run:
    current = await runs.run(run)
    if current is None:
        raise NotFoundError("run_id", run)
    return current
