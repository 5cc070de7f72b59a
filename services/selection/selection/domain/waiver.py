"""Waivers: the objection window closes early only when every party has waived.

Source: design page "Selection and notary", "Stages and gates": early close only when all parties waive
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.refusal import TeamUnknownError, VersionUnknownError, WaiverNotAllowedError
from selection.domain.stage import StageState

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules import RuleSet

    from selection.domain.stage import Stage


def check_waiver(stage: Stage, rules: RuleSet, team: str, version: int) -> None:
    """Raise the refusal of the first rule that a waiver breaks: one waives what one could object to, by its version."""
    if stage.state is not StageState.OBJECTION:
        raise WaiverNotAllowedError("stage_id", stage.id, f"must be in its objection window; it is {stage.state.value}")
    if rules.objections.early_close != "all-parties-waive":
        raise WaiverNotAllowedError("stage_id", stage.id, "its rule set lets no objection window close early")
    if team not in stage.entrants:
        raise TeamUnknownError("team_id", team, f"must have entered {stage.id}")
    if version != stage.decision_version:
        raise VersionUnknownError("version", version, f"must be the one that counts, {stage.decision_version}")


def still_waiting(stage: Stage, waived: Collection[str]) -> tuple[str, ...]:
    """Return the parties that have not waived, sorted."""
    return tuple(team for team in stage.entrants if team not in waived)
