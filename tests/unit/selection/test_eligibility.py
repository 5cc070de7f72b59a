"""Who may enter by a call."""

from __future__ import annotations

import pytest
from rules import RuleSet, load_rule_set
from selection.domain.eligibility import Past, RefusedApplicant, admit

from tests.builders.selection_cases import document

RULES = load_rule_set(document("added-call"))
PAST = [
    Past("review", ("a", "b", "c", "d"), ("a", "b", "c")),
    Past("stage-1", ("a", "b", "c"), ("a", "b")),
]


def rules(*, eliminated: bool, newcomers: bool) -> RuleSet:
    allowed = {"eliminated_teams_may_apply": eliminated, "newcomers_may_apply": newcomers}
    return RULES.model_copy(update={"eligibility": RULES.eligibility.model_copy(update=allowed)})


@pytest.mark.parametrize(
    ("eliminated", "newcomers", "entered", "refused"),
    [
        (True, True, ("c", "d", "new"), {"a": "in-programme"}),
        (False, True, ("new",), {"a": "in-programme", "c": "eliminated-before", "d": "eliminated-before"}),
        (True, False, ("c", "d"), {"a": "in-programme", "new": "newcomer"}),
    ],
)
def test_the_document_says_whether_eliminated_teams_and_newcomers_may_enter(
    eliminated: bool, newcomers: bool, entered: tuple[str, ...], refused: dict[str, str]
) -> None:
    found, out = admit(["new", "d", "c", "a", "a"], rules(eliminated=eliminated, newcomers=newcomers), PAST)
    assert (found, {each.team: each.code for each in out}) == (entered, refused)


def test_a_refusal_names_the_last_stage_of_the_team() -> None:
    _, refused = admit(["a", "c", "d"], rules(eliminated=False, newcomers=True), PAST)
    assert refused == (
        RefusedApplicant("a", "in-programme", "stage-1"),
        RefusedApplicant("c", "eliminated-before", "stage-1"),
        RefusedApplicant("d", "eliminated-before", "review"),
    )


def test_before_any_stage_was_decided_everybody_may_enter() -> None:
    assert admit(["b", "a"], rules(eliminated=False, newcomers=False), []) == (("a", "b"), ())
