"""Where the search for leaks does not conclude, it says so; of the programmes in the repository it is known where."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from rules import load_rule_set
from rules.disclosure import Policy
from rules.disclosure_limits import LIMITS, limits

if TYPE_CHECKING:
    from rules import RuleSet

PROGRAMMES = files("client") / "programmes"
RULE_SETS = {
    "sovereign-ai": ("written-review", "presentation", "stage-1", "added-call", "stage-2"),
    "research-grant": ("round-1", "round-2"),
    "benchmark-league": ("season",),
}
POLICY = Policy.model_validate(
    {
        "id": "shown",
        "title": {"ko": "공개", "en": "Shown"},
        "when": {"after": "decision"},
        "audiences": (
            {"audience": "public", "shows": ({"figure": "winners"},)},
            {"audience": "team", "shows": ({"figure": "own-points"}, {"figure": "own-sheet"})},
        ),
    }
)


def rules_of(programme: str, stage: str) -> RuleSet:
    return load_rule_set((PROGRAMMES / programme / "rule-sets" / f"{stage}.yaml").read_text(encoding="utf-8"))


def test_of_the_model_programme_all_is_concluded_from_but_compared_sheets_and_votes() -> None:
    found = [each.name for stage in RULE_SETS["sovereign-ai"] for each in limits(rules_of("sovereign-ai", stage))]
    assert found == [
        "best-and-mean/team/SHEETS_ARE_COMPARED",
        "names/public/VOTES_ARE_SCORES",
        "names/team/RANK_AMONG_SOME",
    ]


@pytest.mark.parametrize(
    ("programme", "stage", "codes"),
    [
        # A wildcard and a refill; a gate after the one cut; a wildcard between two gates.
        ("research-grant", "round-1", ["public/TAKEN_BACK", "team/SHEETS_ARE_COMPARED"]),
        ("research-grant", "round-2", ["team/SHEETS_ARE_COMPARED"]),
        ("benchmark-league", "season", ["public/TAKEN_BACK", "team/SHEETS_ARE_COMPARED"]),
    ],
)
def test_teams_that_are_taken_back_and_points_set_against_others_are_said(
    programme: str, stage: str, codes: list[str]
) -> None:
    found = limits(rules_of(programme, stage), [POLICY])
    assert [f"{each.audience}/{each.code}" for each in found] == codes
    assert all(each.code not in each.words("ko") for each in found)


@pytest.mark.parametrize("code", sorted(LIMITS))
def test_every_limit_is_said_in_both_languages(code: str) -> None:
    assert LIMITS[code]["ko"] != LIMITS[code]["en"]
