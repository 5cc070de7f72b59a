"""How a stage's outcome is found in the catalogue."""

from __future__ import annotations

import re

import pytest
from registry.domain.outcome import Outcome, StageOutcome


def test_an_outcome_is_found_by_its_stage_and_tells_it_with_the_version_of_the_decision() -> None:
    outcome = StageOutcome("stage-1", Outcome.ADVANCED, 2)
    assert outcome.alias == "stage-1"
    assert outcome.tags == {"dokpamo.stage-1.outcome": "advanced", "dokpamo.stage-1.decision_version": "2"}


@pytest.mark.parametrize("stage_id", ["latest", "v1", "v20"])
def test_a_stage_whose_id_mlflow_keeps_for_itself_has_another_alias_that_no_stage_can_have(stage_id: str) -> None:
    alias = StageOutcome(stage_id, Outcome.ELIMINATED, 1).alias
    assert alias == f"stage_{stage_id}"
    assert not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", alias)


@pytest.mark.parametrize("stage_id", ["v1-final", "latest-round", "added-call"])
def test_other_ids_are_the_alias(stage_id: str) -> None:
    assert StageOutcome(stage_id, Outcome.ADVANCED, 1).alias == stage_id
