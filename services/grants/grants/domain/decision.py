"""A final decision as grants reads it: what it gives and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from grants.domain.entitlement import Entitlement, SupportKind
    from grants.domain.ledger import TeamId


@dataclass(frozen=True, slots=True)
class AppliedDecision:
    """The version of a stage's final decision whose consequences are in the books."""

    version: int
    sha256: str


class DecisionChangedError(Exception):
    """A version of a stage's decision was told twice, with another decision."""

    def __init__(self, stage: str, decision_sha256: str, applied: AppliedDecision) -> None:
        """Keep the `stage`, the new decision's hash and the one `applied` before."""
        self.rule = f"version {applied.version} of the final decision of {stage} is {applied.sha256}"
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
    """The consequences of a stage by a `version` of its decision, final at `final_at` (UTC).

    Of several versions those of the highest count.

    Source: docs/events.md, `DecisionFinalized`: consequences are those of the highest version that became final
    """

    stage: str
    sha256: str
    awards: tuple[Entitlement, ...]
    eliminations: tuple[Elimination, ...]
    final_at: datetime
    version: int = 1

    @property
    def teams(self) -> frozenset[TeamId]:
        """All teams that it gives to or takes from."""
        return frozenset({*(each.team for each in self.awards), *(each.team for each in self.eliminations)})

    def counts_after(self, applied: AppliedDecision | None) -> bool:
        """Say whether it is to be applied, where `applied` is in the books. Raises `DecisionChangedError`."""
        if applied is None or self.version > applied.version:
            return True
        if self.version == applied.version and self.sha256 != applied.sha256:
            raise DecisionChangedError(self.stage, self.sha256, applied)
        return False
