"""GPU-seconds of a job, from when its program actually ran. Source: design, grants and training, "Metering"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """One start of a job on the cluster.

    Instants are on the wall clock (UTC). `ended_at` is the last instant at which it was seen to run where the cluster
    forgot it.
    """

    attempt: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ended: bool = False

    @property
    def duration(self) -> timedelta:
        """How long it ran, as far as is known; never negative, whatever the clocks of the cluster say."""
        if self.started_at is None or self.ended_at is None:
            return timedelta()
        return max(timedelta(), self.ended_at - self.started_at)


def running_time(runs: Iterable[Run]) -> timedelta:
    """Return how long all `runs` ran together."""
    return sum((run.duration for run in runs), timedelta())


def metered_gpu_seconds(gpus: int, max_seconds: int, runs: Iterable[Run]) -> int:
    """Return GPU-seconds: `gpus` times the running seconds of all `runs`, rounded up to whole seconds.

    The platform stops a job at `max_seconds`. What it runs beyond is the platform's delay, never the team's cost, so
    the hold of gpus × max_seconds always covers it.
    """
    seconds = -(-running_time(runs) // _SECOND)
    return gpus * min(seconds, max_seconds)
