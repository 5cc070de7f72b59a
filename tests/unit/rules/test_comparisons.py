"""Comparisons of two teams as a source: collected in any order, complete or named, and what steps make of them."""

import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
import rules

from tests.builders.small_final import TEXT
from tests.unit.rules.test_reading_inputs import changed as with_json

STRENGTHS = "{operator: bradley_terry, digits: 6, iterations: 1000, result: win-share}"
SOURCES = """sources:
  - kind: comparisons
    id: arena
    title: {ko: 맞대결, en: Arena}
    provider: arena
    panel: {planned: 3, minimum: 2}
    ties_allowed: true
    per_pair: 2
parts:
  - id: arena
    title: {ko: 맞대결, en: Arena}
    points: 10
    source: arena
    steps:
      - STRENGTHS
      - {operator: linear, points: 10, scale: 1}
      - {operator: round, digits: 1}
procedure: [{step: rank}, {step: cut, keep: planned}]
ties:""".replace("STRENGTHS", STRENGTHS)
DOCUMENT = (
    TEXT[: TEXT.index("sources:")]
    + SOURCES
    + TEXT[TEXT.index("ties:") + len("ties:") :].replace("{by: part, part: quality}, ", "")
)
RULES = rules.load_rule_set(DOCUMENT)
TEAMS = ("ant", "bee", "cat")


def compared(item: str, assessor: str, first: str, second: str, winner: str) -> rules.Comparison:
    return rules.Comparison("arena", assessor, item, first, second, winner)


# ant to bee 2:1 with a tie more each way, bee to cat 3:1, ant to cat 1:1.
GIVEN = (
    compared("q1", "p0", "ant", "bee", "ant"),
    compared("q2", "p0", "bee", "ant", "ant"),
    compared("q3", "p1", "ant", "bee", "bee"),
    compared("q4", "p1", "ant", "bee", ""),
    *(compared(f"q{number}", "p0", "bee", "cat", "bee") for number in range(3)),
    compared("q3", "p1", "bee", "cat", "cat"),
    compared("q1", "p0", "ant", "cat", "ant"),
    compared("q1", "p1", "cat", "ant", "cat"),
)


def collected(*given: rules.Comparison, teams: tuple[str, ...] = TEAMS) -> rules.Inputs:
    return rules.collect("final", teams, comparisons=given)


def code_of(work: Callable[[], object]) -> set[str]:
    with pytest.raises(rules.InputsRefusedError) as refused:
        work()
    return {each.code for each in refused.value.violations}


def test_the_order_of_teams_is_that_of_their_strengths() -> None:
    decision = rules.decide(RULES, collected(*GIVEN))
    assert decision.ranking == ("ant", "bee", "cat")
    assert [step.operator for step in decision.row("ant").parts[0].working] == ["bradley_terry", "linear", "round"]
    assert sum(float(total) for total in decision.totals().values()) == pytest.approx(15, abs=0.11)


def test_sides_and_order_of_arrival_decide_nothing() -> None:
    turned = [
        rules.Comparison(each.source, each.assessor, each.item, each.second, each.first, each.winner)
        for each in reversed(GIVEN)
    ]
    assert collected(*turned).canonical_bytes() == collected(*GIVEN).canonical_bytes()
    assert rules.inputs_from_json(collected(*GIVEN).canonical_bytes()) == collected(*GIVEN)


def test_what_is_no_comparison_of_two_entrants_is_refused() -> None:
    first = GIVEN[0]
    assert code_of(lambda: collected(first, first)) == {"DUPLICATE"}
    assert code_of(lambda: collected(first, compared("q1", "p0", "bee", "ant", "bee"))) == {"DUPLICATE"}
    assert code_of(lambda: collected(compared("q", "p", "ant", "ant", "ant"))) == {"COMPARED_WITH_ITSELF"}
    assert code_of(lambda: collected(compared("q", "p", "ant", "bee", "cat"))) == {"WINNER_UNKNOWN"}
    assert code_of(lambda: rules.decide(RULES, collected(compared("q", "p", "ant", "elk", "")))) == {"TEAM_UNKNOWN"}
    large = [compared("q", f"p{number}", "ant", "bee", "ant") for number in range(4)]
    assert code_of(lambda: rules.decide(RULES, collected(*large))) == {"PANEL_TOO_LARGE"}
    other = rules.Comparison("nowhere", "p", "q", "ant", "bee", "")
    assert code_of(lambda: rules.decide(RULES, collected(other))) == {"SOURCE_UNKNOWN"}
    strict = rules.load_rule_set(DOCUMENT.replace("ties_allowed: true", "ties_allowed: false"))
    assert code_of(lambda: rules.decide(strict, collected(*GIVEN))) == {"TIE_NOT_ALLOWED"}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, collected(*GIVEN[:-1]))
    assert [str(each) for each in incomplete.value.missing] == ["comparisons arena between ant, cat 1 of at least 2"]
    with pytest.raises(rules.InputsIncompleteError) as nothing:
        rules.decide(RULES, collected())
    assert [str(each) for each in nothing.value.missing] == ["assessors arena 0 of at least 2"] + [
        f"comparisons arena between {first}, {second} 0 of at least 2" for first, second in combinations(TEAMS, 2)
    ]


def test_a_team_that_won_everything_has_no_strength_unless_the_document_adds_prior_wins() -> None:
    won = [
        compared(f"q{number}", f"p{number}", first, second, first)
        for first, second in combinations(TEAMS, 2)
        for number in range(2)
    ]
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, collected(*won))
    assert (refused.value.code, refused.value.field) == ("COMPARISONS_ONE_SIDED", "parts.arena")
    prior = rules.load_rule_set(DOCUMENT.replace("iterations: 1000,", "iterations: 1000, prior: 0.5,"))
    assert rules.decide(prior, collected(*won)).ranking == TEAMS


def test_one_entrant_needs_no_comparison() -> None:
    strength = rules.load_rule_set(DOCUMENT.replace("win-share", "strength"))
    assert rules.decide(strength, collected(teams=("ant",))).totals() == {"ant": "10.0"}
    assert rules.decide(RULES, collected(teams=())).outcome == "no-award"
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, collected(teams=("ant",)))
    assert refused.value.code == "NOTHING_TO_COMPARE"


def test_one_weak_comparison_marks_every_strength() -> None:
    weak = rules.Comparison("arena", "p0", "q9", "ant", "cat", "cat", rules.Provenance.SYNTHETIC)
    decision = rules.decide(RULES, collected(*GIVEN, weak))
    assert {str(row.parts[0].provenance) for row in decision.table} == {"synthetic"}
    assert decision.row("bee").provenance is rules.Provenance.RECORDED


def turned_pair(data: dict[str, Any]) -> None:
    row = data["comparisons"][0]
    row[3], row[4] = row[4], row[3]


@pytest.mark.parametrize(
    "change",
    [
        turned_pair,
        lambda data: data["comparisons"][0].__setitem__(5, "elk"),
        lambda data: data["comparisons"].reverse(),
        lambda data: data["comparisons"].append(data["comparisons"][-1]),
        lambda data: data["comparisons"][0].append("more"),
        lambda data: data["comparisons"][0].__setitem__(2, 7),
    ],
)
def test_comparisons_have_one_form(change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(collected(*GIVEN).canonical_bytes())
    change(data)
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.inputs_from_json(rules.canonical_json(data))
    assert refused.value.code == "INPUTS_MALFORMED"


def test_an_empty_list_of_what_is_not_there_is_not_canonical() -> None:
    data = with_json(lambda data: data.update(comparisons=[]))
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.inputs_from_json(data)
    assert refused.value.code == "NOT_CANONICAL"


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        (STRENGTHS, "{operator: round, digits: 6}", "STEPS_COMPARISONS", "parts[0].steps[0]"),
        ("{operator: linear, points: 10, scale: 1}", STRENGTHS, "STEPS_COMPARISONS", "parts[0].steps[1]"),
        ("iterations: 1000,", "iterations: 1000, prior: -1,", "SCALE_EMPTY", "parts[0].steps[0].prior"),
        ("iterations: 1000,", "iterations: 100000,", "VALUE_INVALID", "parts[0].steps[0].iterations"),
        ("digits: 6,", "digits: 0,", "VALUE_INVALID", "parts[0].steps[0].digits"),
        ("planned: 3, minimum: 2", "planned: 3, minimum: 4", "PANEL_SIZE", "sources[0].panel"),
        ("source: arena\n", "source: arena\n    criteria: [q]\n", "CRITERION_UNKNOWN", "parts[0].criteria[0]"),
        ("points: 10, scale: 1}", "points: 9, scale: 1}", "STEPS_MISS_POINTS", "parts[0].steps"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_computed_is_refused(old: str, new: str, code: str, path: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(DOCUMENT.replace(old, new, 1))
    assert (code, path) in {(each.code, each.path) for each in refused.value.violations}


def test_comparisons_that_no_part_uses_are_refused() -> None:
    block = SOURCES[SOURCES.index("  - kind") : SOURCES.index("parts:")].replace("id: arena", "id: unused")
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(DOCUMENT.replace("parts:", block + "parts:", 1))
    assert ("SOURCE_UNUSED", "sources[1]") in {(each.code, each.path) for each in refused.value.violations}
