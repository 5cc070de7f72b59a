"""Stages that are decided: their outcome is kept with the versions that they were about, and shown in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from common.errors import AwaitedError, TransientError

from registry.domain.outcome import StageOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from registry.domain.checkpoint import Digest, TeamId
    from registry.domain.outcome import FinalDecision
    from registry.handlers.naming import ModelNames

MARKING: Final = "mark-outcome"
"""Kind of the task and of the process that show in MLflow how a stage ended for a team."""


class StageCloseUnknownError(AwaitedError):
    """A decision came before the news of when its stage closed for scores, which travels by another topic."""

    def __init__(self, stage_id: str, rule_set_sha256: str) -> None:
        """Keep the stage and the rule set."""
        super().__init__(f"when stage {stage_id} closes for scores under rule set {rule_set_sha256} is not told yet")
        self.stage_id = stage_id
        self.rule_set_sha256 = rule_set_sha256


class NotNamedYetError(TransientError):
    """A version has no name in MLflow yet that an outcome could be shown with."""

    def __init__(self, digest: Digest) -> None:
        """Keep the checkpoint's `digest`."""
        super().__init__(f"checkpoint {digest} has no name in MLflow yet")
        self.digest = digest


class OutcomeChangedError(TransientError):
    """A later version of the decision came while an earlier one was shown: it has to be shown again."""

    def __init__(self, stage_id: str, team_id: TeamId) -> None:
        """Keep the stage and the team."""
        super().__init__(f"stage {stage_id} was decided again while its outcome for {team_id} was shown")
        self.stage_id = stage_id
        self.team_id = team_id


@dataclass(frozen=True, slots=True)
class NamedOutcome:
    """An outcome and the name in MLflow of the version that it is shown with."""

    outcome: StageOutcome
    mlflow_model: str
    mlflow_version: str


class Outcomes(Protocol):
    """What the registry remembers of stages, inside one transaction."""

    async def note_close(self, stage_id: str, rule_set_sha256: str, closes_at: datetime) -> None:
        """Note the last instant for scores of a stage under a rule set; what is told last counts."""
        ...

    async def closes_at(self, stage_id: str, rule_set_sha256: str) -> datetime | None:
        """Return the last instant for scores of a stage under a rule set; `None` where it is not told."""
        ...

    async def note_decision(self, stage_id: str, version: int) -> bool:
        """Note a version of a stage's decision, locked; `False` where it or a later one is known."""
        ...

    async def last_committed(self, team_id: TeamId, by: datetime) -> Digest | None:
        """Return the version that a team had committed last at the instant `by`; `None` where it had none."""
        ...

    async def keep(self, team_id: TeamId, digest: Digest, outcome: StageOutcome) -> None:
        """Keep the outcome with a version, or with the one it is kept with already, and have it shown."""
        ...

    async def named(self, stage_id: str, team_id: TeamId) -> NamedOutcome:
        """Return an outcome that is kept, and where it is shown. Raises `NotFoundError` and `NotNamedYetError`."""
        ...

    async def note_shown(self, team_id: TeamId, shown: StageOutcome, decision_version: int) -> None:
        """Note that `decision_version` is shown by `shown`. Raises `OutcomeChangedError` where that is not kept now."""
        ...


async def conclude(decision: FinalDecision, outcomes: Outcomes) -> None:
    """Keep how a stage ended for its teams that had committed a version; a later version of the decision counts.

    Which version a team had is settled by the first; a team without one gets none. Raises `StageCloseUnknownError`.
    """
    closes_at = await outcomes.closes_at(decision.stage_id, decision.rule_set_sha256)
    if closes_at is None:
        raise StageCloseUnknownError(decision.stage_id, decision.rule_set_sha256)
    if not await outcomes.note_decision(decision.stage_id, decision.version):
        return
    for team, outcome in sorted(decision.outcomes.items()):
        digest = await outcomes.last_committed(team, closes_at)
        if digest is not None:
            await outcomes.keep(team, digest, StageOutcome(decision.stage_id, outcome, decision.version))


async def show(found: NamedOutcome, names: ModelNames) -> None:
    """Show an outcome in the catalogue; safe to repeat."""
    await names.mark_version(found.mlflow_model, found.mlflow_version, found.outcome.alias, found.outcome.tags)
