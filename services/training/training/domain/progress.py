"""What happens to a job next, told from what the cluster and the registry say of it.

Every status can be lost, late or false (design, grants and training): a job has succeeded only if the registry holds
its committed checkpoint, whatever the cluster says; a job that the cluster forgot is started again or found done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from training.domain.job import FailureClass
from training.domain.metering import running_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from training.domain.job import Job
    from training.domain.metering import Run

MOST_ATTEMPTS: Final = 10
"""Starts of one job that ran and were lost: beyond it, the infrastructure is broken and people must look."""

PLATFORM_AWAY_EXIT: Final = 75
"""Exit status by which a program says that the platform was away (EX_TEMPFAIL of sysexits)."""

ON_DEMAND: Final = "cancelled on demand"
_KILLED_EXIT: Final = 128


class ClusterState(Enum):
    """What the cluster says of one start of a job."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    RUNNING = "running"
    STOPPED = "stopped"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the cluster. `exit_code` is `None` where no program ended; instants are on the wall clock (UTC)."""

    state: ClusterState
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""
    exit_code: int | None = None
    failed_by_cluster: bool = False


class Move(Enum):
    """What the platform does next."""

    WAIT = "wait"
    SUBMIT = "submit"
    START = "start"
    STOP = "stop"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Step:
    """The next move, why, and for a failure whose fault it is."""

    move: Move
    reason: str = ""
    failure_class: FailureClass | None = None


def next_step(job: Job, runs: Sequence[Run], seen: Observation, *, committed: bool, now: datetime) -> Step:
    """Return what to do with an admitted `job` whose latest start looks like `seen`.

    `runs` are its starts so far, the latest last; `committed` says whether the registry holds its checkpoint; `now` is
    on the wall clock (UTC).
    """
    alive = seen.state in {ClusterState.PENDING, ClusterState.RUNNING}
    if alive:
        return _step_while_alive(job, runs, now)
    if committed:
        return Step(Move.SUCCEED)
    if job.cancel_wished:
        return Step(Move.CANCEL, job.cancel_reason or ON_DEMAND)
    if not runs:
        return Step(Move.START)
    if not runs[-1].ended:
        return Step(Move.SUBMIT, "the cluster does not know the start, which never ran")
    return _step_after_end(job, runs, seen)


def _step_while_alive(job: Job, runs: Sequence[Run], now: datetime) -> Step:
    if job.cancel_wished:
        return Step(Move.STOP, job.cancel_reason or ON_DEMAND)
    started = runs[-1].started_at
    if started is not None and now - started >= timedelta(seconds=job.spec.max_seconds):
        return Step(Move.STOP, f"ran for max_seconds, {job.spec.max_seconds}")
    return Step(Move.WAIT)


def _step_after_end(job: Job, runs: Sequence[Run], seen: Observation) -> Step:
    if running_time(runs) >= timedelta(seconds=job.spec.max_seconds):
        return Step(Move.FAIL, f"stopped after max_seconds, {job.spec.max_seconds}", FailureClass.WORKLOAD)
    failure = failure_class(seen)
    why = seen.message or f"the cluster says {seen.state.value}"
    if failure is FailureClass.WORKLOAD:
        return Step(Move.FAIL, why, failure)
    # A start that never ran, for want of a place for example, is no try.
    tried = sum(run.ran for run in runs)
    if tried >= MOST_ATTEMPTS:
        return Step(Move.FAIL, f"ran and was lost {tried} times; last: {why}", failure)
    return Step(Move.START, why)


def failure_class(seen: Observation) -> FailureClass:
    """Return whose fault it is that a start ended as `seen`.

    The workload's are a program that ends by itself with an exit status of its own, and one that ends well without a
    checkpoint. A program that was killed, forgotten, never started, or that found the platform away is not to blame.
    """
    if seen.state is ClusterState.SUCCEEDED:
        return FailureClass.WORKLOAD
    if seen.state is not ClusterState.FAILED or seen.failed_by_cluster or seen.exit_code is None:
        return FailureClass.INFRASTRUCTURE
    killed = seen.exit_code < 0 or seen.exit_code > _KILLED_EXIT
    if killed or seen.exit_code == PLATFORM_AWAY_EXIT:
        return FailureClass.INFRASTRUCTURE
    return FailureClass.WORKLOAD
