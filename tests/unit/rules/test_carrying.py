"""Carry-over: a figure is that of the earlier decision, bound to it by its hash, and never made up."""

from dataclasses import replace

import pytest
import rules

from tests.builders.small_final import FULL, RULES, TEXT

FIRST = replace(rules.decide(RULES, FULL), stage="first")
SOURCE = """
  - kind: carried
    id: before
    title: {ko: 앞 단계, en: Stage before}
    stage: first
    criteria:
      - {id: total, title: {ko: 총점, en: Total}, minimum: 0, maximum: 10, digits: 1}
      - {id: speed, title: {ko: 속도, en: Speed}, minimum: 0, maximum: 5, digits: 1}
parts:
  - id: before
    title: {ko: 앞 단계, en: Stage before}
    points: 15
    source: before
    steps: [{operator: sum, over: criteria}, {operator: round, digits: 1}]
"""
DOCUMENT = (
    TEXT.replace("\nparts:\n", SOURCE)
    .replace("points: 10\nrounding", "points: 25\nrounding")
    .replace("{newcomers_may_apply: true}", "{advanced_from: [first]}")
)
NEXT = rules.load_rule_set(DOCUMENT)


def given(*figures: rules.CarriedFigure) -> rules.Inputs:
    return rules.collect(
        "final",
        FULL.entrants,
        scores=FULL.scores(),
        measurements=FULL.measurements,
        verdicts=FULL.verdicts,
        carried=figures,
    )


def carried() -> tuple[rules.CarriedFigure, ...]:
    return rules.carry(NEXT, ["ant", "bee"], {"first": FIRST})


def test_figures_are_those_of_the_earlier_decision() -> None:
    assert {(each.team, each.criterion, str(each.value)) for each in carried()} == {
        ("ant", "total", "8.5"), ("ant", "speed", "4.0"), ("bee", "total", "8.0"), ("bee", "speed", "4.5"),
    }  # fmt: skip
    assert {each.decision_sha256 for each in carried()} == {FIRST.sha256()}
    assert {each.provenance for each in carried()} == {rules.Provenance.RECORDED}


def test_they_are_a_part_of_this_total() -> None:
    decision = rules.decide(NEXT, given(*carried()))
    assert decision.row("ant").points("before") == "12.5"
    assert decision.totals() == {"ant": "21.0", "bee": "20.5"}


def test_a_team_without_a_figure_is_named_and_never_zero() -> None:
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(NEXT, given(*(each for each in carried() if each.team == "ant")))
    assert set(incomplete.value.missing) == {
        rules.Missing(rules.Lacking.FIGURE, "before", ("bee",), criterion=name) for name in ("total", "speed")
    }
    assert rules.carry(NEXT, ["cat"], {"first": FIRST}) == ()
    assert rules.carry(NEXT, ["ant"], {}) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stage": "second"}, "STAGE_MISMATCH"),
        ({"decision_sha256": "0" * 64}, "CARRIED_FROM_TWO_DECISIONS"),
        ({"source": "nowhere"}, "SOURCE_UNKNOWN"),
        ({"team": "cat"}, "TEAM_UNKNOWN"),
        ({"criterion": "charm"}, "CRITERION_UNKNOWN"),
    ],
)
def test_a_figure_of_something_else_is_refused(change: dict[str, str], code: str) -> None:
    first, *rest = carried()
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(NEXT, given(replace(first, **change), *rest))  # type: ignore[arg-type] # texts only
    assert code in {each.code for each in refused.value.violations}


def test_a_figure_stands_once() -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        given(*carried(), carried()[0])
    assert refused.value.code == "DUPLICATE"


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("stage: first", "stage: final", "STAGE_CYCLE", "sources[2].stage"),
        ("advanced_from: [first]", "advanced_from: [final]", "STAGE_CYCLE", "eligibility.advanced_from[0]"),
        ("maximum: 2}", "maximum: 2, reopened_from: final}", "STAGE_CYCLE", "seats.reopened_from"),
        ("{advanced_from: [first]}", "{newcomers_may_apply: true}", "NEWCOMERS_WITHOUT_FIGURE", "sources[2]"),
    ],
)
def test_a_document_that_carries_nothing_over_is_refused(old: str, new: str, code: str, path: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(DOCUMENT.replace(old, new))
    assert (code, path) in {(each.code, each.path) for each in refused.value.violations}


def test_inputs_with_figures_have_one_form_and_those_without_keep_theirs() -> None:
    inputs = given(*carried())
    assert rules.inputs_from_json(inputs.canonical_bytes()) == inputs
    assert given(*reversed(carried())) == inputs
    assert b"carried" not in FULL.canonical_bytes()
    assert b"comparisons" not in FULL.canonical_bytes()
