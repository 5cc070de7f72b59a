"""Support that a final decision took away: the jobs on GPU time held of it end, wherever they are in their life.

Source: programme facts, "Support": an eliminated team loses its GPUs, which go to the survivors
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from training.domain.job import cancel_wished

if TYPE_CHECKING:
    from training.domain.job import Job, TeamId


@dataclass(frozen=True, slots=True)
class LostSupport:
    """An entitlement that the final decision of `stage_id` took from `team_id`.

    It never comes back: a later version of the decision that lets the team go on gives another one.
    """

    entitlement_id: str
    team_id: TeamId
    stage_id: str

    @property
    def reason(self) -> str:
        """Why a job on it ends, in words."""
        return f"the support ended with the decision of stage {self.stage_id}"


def without_support(job: Job, lost: LostSupport) -> Job:
    """Return `job` with its end wished where its GPU time is held of what was `lost`; any other as it is.

    A job on its team's own GPUs goes on, and so does one that is held of another entitlement.
    """
    if job.entitlement_id != lost.entitlement_id or job.spec.team_id != lost.team_id:
        return job
    return cancel_wished(job, lost.reason)


def held_of_lost(job: Job, lost: LostSupport) -> Job:
    """Return `job`, not admitted yet, after news of a hold of what is known to be `lost`: it never starts."""
    return without_support(replace(job, entitlement_id=lost.entitlement_id), lost)
