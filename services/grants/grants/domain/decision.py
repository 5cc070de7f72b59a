"""A final decision as grants reads it: what it gives and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from grants.domain.entitlement import Entitlement, SupportKind
    from grants.domain.ledger import TeamId


class DecisionChangedError(Exception):
    """A stage was decided twice, with another decision."""

    def __init__(self, stage: str, decision_sha256: str, applied: str) -> None:
        """Keep the `stage`, the new decision's hash and that of the one `applied` before."""
        self.rule = f"the final decision of {stage} is {applied}"
        super().__init__(f"decision_sha256 is {decision_sha256}: {self.rule}")
        self.field = "decision_sha256"
        self.value = decision_sha256


@dataclass(frozen=True, slots=True)
class Elimination:
    """A team that leaves by the decision of `stage`, final at `final_at` (UTC), and the kinds of support it loses."""

    team: TeamId
    forfeits: frozenset[SupportKind]
    stage: str
    final_at: datetime

    def takes(self, entitlement: Entitlement) -> bool:
        """Say whether it takes `entitlement`: what an earlier decision gave, in whatever order the two become known.

        Source: programme facts, "Support": an eliminated team loses its GPUs; one that comes back gets new ones.
        """
        return (
            entitlement.team == self.team
            and entitlement.kind in self.forfeits
            and entitlement.granted_at < self.final_at
        )


@dataclass(frozen=True, slots=True)
class FinalDecision:
    """The consequences of a stage. The same stage can only have one."""

    stage: str
    sha256: str
    awards: tuple[Entitlement, ...]
    eliminations: tuple[Elimination, ...]

    @property
    def teams(self) -> frozenset[TeamId]:
        """All teams that it gives to or takes from."""
        return frozenset({*(each.team for each in self.awards), *(each.team for each in self.eliminations)})
