"""Who may enter a stage, by its document and by what became of a team before."""

from dataclasses import replace

import pytest
import rules

from tests.builders.small_final import FULL, RULES, TEXT

FIRST = replace(rules.decide(RULES, FULL), stage="first")  # ant goes on, bee is out by rank
SECOND = "stage: final"


def stage(eligibility: str) -> rules.RuleSet:
    return rules.load_rule_set(TEXT.replace("{newcomers_may_apply: true}", eligibility))


@pytest.mark.parametrize(
    ("eligibility", "team", "code"),
    [
        ("{advanced_from: [first]}", "ant", None),
        ("{advanced_from: [first]}", "bee", "ENTRANT_ELIMINATED"),
        ("{advanced_from: [first]}", "cat", "ENTRANT_NEW"),
        ("{advanced_from: [other]}", "ant", "ENTRANT_FROM_ANOTHER_STAGE"),
        ("{eliminated_teams_may_apply: true}", "bee", None),
        ("{eliminated_teams_may_apply: true}", "ant", "ENTRANT_FROM_ANOTHER_STAGE"),
        ("{eliminated_teams_may_apply: true}", "cat", "ENTRANT_NEW"),
        ("{newcomers_may_apply: true}", "cat", None),
        ("{newcomers_may_apply: true}", "bee", "ENTRANT_ELIMINATED"),
        ("{eliminated_teams_may_apply: true, newcomers_may_apply: true}", "bee", None),
    ],
)
def test_a_team_enters_as_the_document_says(eligibility: str, team: str, code: str | None) -> None:
    found = rules.check_entrants(stage(eligibility), [team], [FIRST])
    assert [each.code for each in found] == ([code] if code else [])
    assert all(each.path == f"entrants.{team}" and team in each.value for each in found)


def test_what_became_of_a_team_last_counts() -> None:
    back = replace(FIRST, stage="added", advanced=("bee",), eliminated=())
    added = stage("{advanced_from: [first, added]}")
    assert rules.check_entrants(added, ["ant", "bee"], [FIRST, back]) == []
    again = stage("{eliminated_teams_may_apply: true}")
    assert {each.code for each in rules.check_entrants(again, ["bee"], [FIRST, back])} == {"ENTRANT_FROM_ANOTHER_STAGE"}
