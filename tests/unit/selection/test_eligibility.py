"""Who may enter by a call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rules import RuleSet, load_rule_set
from selection.domain.eligibility import RefusedApplicant, admit

from tests.builders.selection_cases import document
from tests.unit.selection.test_versions import EVIDENCE, record

if TYPE_CHECKING:
    from rules import Decision

RULES = load_rule_set(document("added-call"))
DECIDED = record(EVIDENCE).computed


def past(stage: str, entered: str, advanced: str) -> Decision:
    """An earlier decision: teams of one letter each."""
    return replace(DECIDED, stage=stage, entered=tuple(entered), advanced=tuple(advanced))


PAST = [past("review", "abcd", "abc"), past("stage-1", "abc", "ab")]


def rules(*, eliminated: bool, newcomers: bool) -> RuleSet:
    allowed = {"eliminated_teams_may_apply": eliminated, "newcomers_may_apply": newcomers}
    return RULES.model_copy(update={"eligibility": RULES.eligibility.model_copy(update=allowed)})


IN, OUT, NEW = "ENTRANT_FROM_ANOTHER_STAGE", "ENTRANT_ELIMINATED", "ENTRANT_NEW"


@pytest.mark.parametrize(
    ("eliminated", "newcomers", "entered", "refused"),
    [
        (True, True, ("c", "d", "new"), {"a": IN}),
        (False, True, ("new",), {"a": IN, "c": OUT, "d": OUT}),
        (True, False, ("c", "d"), {"a": IN, "new": NEW}),
    ],
)
def test_the_document_says_whether_eliminated_teams_and_newcomers_may_enter(
    eliminated: bool, newcomers: bool, entered: tuple[str, ...], refused: dict[str, str]
) -> None:
    found, out = admit(["new", "d", "c", "a", "a"], rules(eliminated=eliminated, newcomers=newcomers), PAST)
    assert (found, {each.team: each.code for each in out}) == (entered, refused)


def test_a_refusal_names_the_last_stage_of_the_team() -> None:
    _, refused = admit(["a", "c", "d", "new"], rules(eliminated=False, newcomers=False), PAST)
    assert refused == (
        RefusedApplicant("a", IN, "stage-1"),
        RefusedApplicant("c", OUT, "stage-1"),
        RefusedApplicant("d", OUT, "review"),
        RefusedApplicant("new", NEW, ""),
    )
