"""What a part's points are marked with: the weakest of what they came from, and of nothing else."""

import rules
from rules.document import RuleSet
from rules.inputs import Inputs, Provenance
from rules.marking import part_provenances

from tests.unit.rules.test_golden_stages import inputs, rule_set

RECORDED, PUBLISHED, SYNTHETIC = Provenance.RECORDED, Provenance.PUBLISHED, Provenance.SYNTHETIC


def remarked(given: Inputs, synthetic: set[tuple[str, str]]) -> Inputs:
    """The same values, all recorded but the measurements of these sources and teams."""
    return rules.collect(
        given.stage,
        given.entrants,
        scores=[rules.Score(s.source, s.assessor, s.team, s.criterion, s.value) for s in given.scores()],
        measurements=[
            rules.Measurement(
                m.source, m.team, m.criterion, m.value, SYNTHETIC if (m.source, m.team) in synthetic else RECORDED
            )
            for m in given.measurements
        ],
        verdicts=given.verdicts,
        seed=given.seed,
    )


def weak(rules_: RuleSet, given: Inputs) -> set[tuple[str, str]]:
    marks = part_provenances(rules_, given)
    return {(team, part) for team, parts in marks.items() for part, mark in parts.items() if mark is SYNTHETIC}


def test_a_weak_value_marks_its_part_and_those_above_it_and_no_other() -> None:
    given = remarked(inputs("stage-1"), {("nia", "upstage")})
    assert weak(rule_set("stage-1"), given) == {("upstage", "nia"), ("upstage", "benchmark")}


def test_a_weak_target_marks_what_is_measured_against_it() -> None:
    given = remarked(inputs("stage-1"), {("declared-target", "upstage")})
    assert weak(rule_set("stage-1"), given) == {("upstage", "global-individual"), ("upstage", "benchmark")}


def test_where_the_leader_gives_the_scale_one_weak_value_marks_every_team() -> None:
    document = rules.canonical_bytes(rule_set("stage-2")).decode()
    linear = '{"operator":"linear","points":"25","scale":"100"}'
    assert linear in document
    scaled = rules.load_rule_set(document.replace(linear, '{"operator":"leader_scaled","points":"25"}'))
    given = remarked(inputs("stage-2"), {("aaii", "upstage")})
    assert {team for team, part in weak(scaled, given) if part == "aaii"} == set(given.entrants)
    assert {team for team, part in weak(rule_set("stage-2"), given) if part == "aaii"} == {"upstage"}


def test_a_verdict_gives_no_points_and_marks_none() -> None:
    given = remarked(inputs("stage-2"), set())
    assert {verdict.provenance for verdict in given.verdicts} == {SYNTHETIC}
    row = rules.decide(rule_set("stage-2"), given).row("upstage")
    assert (row.provenance, row.provenance_of_points()) == (SYNTHETIC, RECORDED)
