"""GPU-seconds of a job, from when its program actually ran. Source: design, grants and training, "Metering".

Only the last start is the team's: each one before it was lost to a fault of the infrastructure, which costs a team
neither GPU time nor a part of its longest running time. Source: product, "Nothing is lost and nothing is silent".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    def ran(self) -> bool:
        """Whether its program is known to have run."""
        return self.started_at is not None

    @property
    def duration(self) -> timedelta:
        """How long it ran, as far as is known; never negative, whatever the clocks of the cluster say."""
        if self.started_at is None or self.ended_at is None:
            return timedelta()
        return max(timedelta(), self.ended_at - self.started_at)


def running_time(runs: Sequence[Run]) -> timedelta:
    """Return how long the last of `runs` ran; nothing where there is none."""
    return runs[-1].duration if runs else timedelta()


def metered_gpu_seconds(gpus: int, max_seconds: int, runs: Sequence[Run]) -> int:
    """Return GPU-seconds: `gpus` times the running seconds of the last of `runs`, rounded up to whole seconds.

    The platform stops a job at `max_seconds`. What it runs beyond is the platform's delay, never the team's cost, so
    the hold of gpus × max_seconds always covers it.
    """
    seconds = -(-running_time(runs) // _SECOND)
    return gpus * min(seconds, max_seconds)
