"""A decision and a rule set in words: every word has both languages, and every figure its step and place."""

from __future__ import annotations

import string
import typing
from pathlib import Path

import client.programmes
import pytest
import rules
from rules.disclosure import Shown
from rules.document import Gate, Operator, Source, Step, Tie
from rules.explaining import explain
from rules.explaining_rules import explain_rules
from rules.explaining_words import FIGURES, GATES, OPERATORS, SOURCES, STEPS, TIES, VALUES, Language, Words, in_words
from rules.operators import OPERATORS as ENGINE_OPERATORS
from rules.score_file_csv import load_csv_inputs
from rules.scoring import along_the_way, score_table

from tests.builders.rule_sets import DUEL_TABLE, duel, league

PROGRAMMES = Path(next(iter(client.programmes.__path__)))
STAGES = tuple(sorted(str(path.relative_to(PROGRAMMES)) for path in PROGRAMMES.glob("*/rule-sets/*.yaml")))
LANGUAGES: tuple[Language, ...] = ("ko", "en")


def stage(name: str) -> tuple[rules.RuleSet, rules.Inputs]:
    """Rules and scores by the rule set's file, or by a stage of the model case."""
    file = PROGRAMMES / (name if name in STAGES else f"sovereign-ai/rule-sets/{name}.yaml")
    return rules.load_rule_set(file.read_bytes()), rules.load_inputs(
        (file.parents[1] / "scores" / file.name).read_bytes()
    )


def kinds(union: object, field: str) -> dict[str, typing.Any]:
    """The models of a closed list of kinds, by the name that a document gives them."""
    members = typing.get_args(typing.get_args(union)[0])
    return {typing.get_args(model.model_fields[field].annotation)[0]: model for model in members}


KINDS = [
    (table, name, model)
    for table, union, field in (
        (OPERATORS, Operator, "operator"),
        (STEPS, Step, "step"),
        (GATES, Gate, "kind"),
        (TIES, Tie, "by"),
        (SOURCES, Source, "kind"),
        (FIGURES, Shown, "figure"),
    )
    for name, model in kinds(union, field).items()
]


@pytest.mark.parametrize(("table", "name", "model"), KINDS, ids=[name for _, name, _ in KINDS])
def test_every_kind_has_its_words_in_both_languages_made_of_its_own_fields(
    table: Words, name: str, model: typing.Any
) -> None:
    assert name in table, f"{name} has no words in rules.explaining_words"
    for lang in LANGUAGES:
        named = {field for _, field, _, _ in string.Formatter().parse(table[name][lang]) if field}
        assert named <= set(model.model_fields)


@pytest.mark.parametrize("name", sorted(ENGINE_OPERATORS))
def test_every_operator_of_the_engine_has_its_words(name: str) -> None:
    assert set(OPERATORS[name]) == set(LANGUAGES)


def test_every_value_has_both_languages() -> None:
    assert [name for name, words in VALUES.items() if set(words) != set(LANGUAGES)] == []


def test_a_kind_without_words_is_shown_as_it_stands() -> None:
    step = league().parts[1].steps[0]
    assert in_words({}, "sum", step, "en", {}) == "sum (over criteria)"


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rule_set_is_told_whole(name: str, lang: Language) -> None:
    rule_set, _ = stage(name)
    told = explain_rules(rule_set, lang)
    assert rules.sha256_of(rule_set) in told
    for part in rule_set.every_part():
        assert f"({part.id})" in told
    for line in rule_set.references:
        assert line in told
    assert told.count(".steps[") == sum(len(leaf.steps) for leaf in rule_set.leaves())
    assert "{" not in told


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_decision_is_told_whole_with_each_step_and_its_place(name: str, lang: Language) -> None:
    rule_set, inputs = stage(name)
    decision = rules.decide(rule_set, inputs)
    told = explain(rule_set, decision, lang, inputs=inputs)
    for row in decision.table:
        assert row.total in told
        for part in row.parts:
            assert all(step.value in told for step in part.working)
    steps = sum(len(leaf.steps) for leaf in rule_set.leaves())
    assert told.count(".steps[") == steps * len(decision.entered)
    assert "{" not in told


def test_one_team_is_told_how_its_total_came_about() -> None:
    rule_set, inputs = stage("stage-2")
    decision = rules.decide(rule_set, inputs)
    lines = explain(rule_set, decision, "en", inputs=inputs, team="upstage").splitlines()
    assert "rank 2 upstage: total 69.9 = benchmark 22.7 + expert 29.1 + user 18.1 [synthetic]" in lines
    assert "      from AAII index (aaii): index 37.4" in lines
    assert "      2. value × 25 ÷ 100 → 9.35  [parts[0].parts[0].steps[1]]" in lines
    assert "    1. add up over the criteria → 24 27 28 28 29 29 30 31 31 31  [parts[1].steps[0]]" in lines
    assert (
        "    2. average over the assessors without the 1 highest and the 1 lowest → 29.125 (left out 24, 31)"
        "  [parts[1].steps[1]]"
    ) in lines
    assert not any("motif" in line for line in lines if "out" not in line)


def test_a_ratio_is_told_for_each_criterion() -> None:
    rule_set, inputs = stage("stage-1")
    told = explain(rule_set, rules.decide(rule_set, inputs), "en", inputs=inputs, team="sk-telecom")
    assert "→ own-1 0.9; own-2 0.95; ministry-1 0.9; ministry-2 0.9; ministry-3 0.9" in told


def test_a_mean_without_a_finite_decimal_is_told_exactly_and_about() -> None:
    rule_set, inputs = stage("stage-2")
    told = explain(rule_set, rules.decide(rule_set, inputs), "ko", team="upstage")
    assert "평가위원 점수의 평균 → 178/49 ≈ 3.6327" in told


def test_who_failed_a_gate_keeps_the_score_and_is_told_so() -> None:
    rule_set, inputs = stage("stage-1")
    told = explain(rule_set, rules.decide(rule_set, inputs), "ko", team="naver-cloud")
    assert "4위 naver-cloud: 총점 76.7" in told
    assert "탈락 naver-cloud: 관문 독자성 (originality) (점수는 표에 남음)" in told


def test_a_minimum_is_told_in_the_language_and_what_is_rounded_with_all_its_digits() -> None:
    folder = PROGRAMMES / "benchmark-league"
    season = rules.load_rule_set((folder / "rule-sets" / "season.yaml").read_bytes())
    decision = rules.decide(season, rules.load_inputs((folder / "scores" / "season.yaml").read_bytes()))
    told = {lang: explain(season, decision, lang, team="boreal") for lang in LANGUAGES}
    assert "관문 최저 점수 (enough), boreal: 통과 (총점 55.0, 최저 55)" in told["ko"]
    assert "gate Lowest total (enough), boreal: passed (the total 55.0, minimum 55)" in told["en"]
    assert "3. round half up, digits after the point: 1 → 20.0" in explain(season, decision, "en", team="atlas")


def test_a_team_that_did_not_enter_is_refused() -> None:
    rule_set, inputs = stage("stage-2")
    with pytest.raises(KeyError):
        explain(rule_set, rules.decide(rule_set, inputs), "en", team="nobody")


def test_comparisons_are_told_as_wins_ties_and_losses() -> None:
    inputs = load_csv_inputs(DUEL_TABLE.encode(), duel())
    lines = explain(duel(), rules.decide(duel(), inputs), "en", inputs=inputs, team="bee").splitlines()
    assert "    from Arena (arena): against ant 1 won, 0 level, 2 lost; against cat 2 won, 1 level, 0 lost" in lines
    assert "    from Before (before): total 82" in lines


def test_what_a_team_has_in_comparison_with_the_others_is_told_for_each_assessor() -> None:
    rule_set, inputs = stage("research-grant/rule-sets/round-1.yaml")
    told = explain(rule_set, rules.decide(rule_set, inputs), "en", inputs=inputs, team="birch")
    assert "for each of the assessors (level: average of the places, alone: 50) → 425/11 ≈ 38.6364, 450/11" in told


@pytest.mark.parametrize("name", STAGES)
def test_what_is_told_along_the_way_ends_in_the_points(name: str) -> None:
    rule_set, inputs = stage(name)
    table = score_table(rule_set, inputs)
    for leaf in rule_set.leaves():
        *_, (values, axes) = along_the_way(rule_set, leaf, inputs)
        assert axes == ()
        assert values == {team: score.parts[leaf.id] for team, score in table.items()}
