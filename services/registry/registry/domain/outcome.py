"""What a stage was about: of each team the version that it had committed last when the stage closed for scores.

How the stage ended for the team is kept with that version, and people find it by the stage's name in MLflow.
Source: requirement, selection and notary: final, then consequences in grants, training and registry
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry.domain.checkpoint import TeamId

# MLflow keeps these for itself. A stage's id has no underscore, so no other stage gets the name that is made of one.
_RESERVED: Final = re.compile(r"latest|v[0-9]+", re.IGNORECASE)


class Outcome(Enum):
    """How a stage ended for a team."""

    ADVANCED = "advanced"
    ELIMINATED = "eliminated"


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """How the stage ended for one team by this version of its final decision, from 1."""

    stage_id: str
    outcome: Outcome
    decision_version: int

    @property
    def alias(self) -> str:
        """The name in MLflow under which the version is found."""
        return f"stage_{self.stage_id}" if _RESERVED.fullmatch(self.stage_id) else self.stage_id

    @property
    def tags(self) -> dict[str, str]:
        """What the version says of the stage in MLflow.

        The decision is named by its version: its hash is sealed until the release, lest hidden scores be guessed by it.
        """
        return {
            f"dokpamo.{self.stage_id}.outcome": self.outcome.value,
            f"dokpamo.{self.stage_id}.decision_version": str(self.decision_version),
        }


def stage_of_alias(alias: str) -> str:
    """Return the stage whose `StageOutcome.alias` this is."""
    stage_id = alias.removeprefix("stage_")
    return stage_id if _RESERVED.fullmatch(stage_id) else alias


@dataclass(frozen=True, slots=True)
class FinalDecision:
    """How a stage ended, by `version` of its decision under a rule set (SHA-256, lower-case hex)."""

    stage_id: str
    rule_set_sha256: str
    version: int
    outcomes: Mapping[TeamId, Outcome]
