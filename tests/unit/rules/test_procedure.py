"""Steps compose in the order of the document: cuts, gates, wildcards, second rounds; nobody enters beside a gate."""

from decimal import Decimal

import pytest
import rules

from tests.builders.small_final import SEED, TEXT

TEAMS = ("ant", "bee", "cat", "dog", "elk")
# By total ant, bee, cat, dog, elk; by speed the other way round.
QUALITY = {"ant": 5, "bee": 4, "cat": 3, "dog": 2, "elk": 1}
FAST = {"ant": 0, "bee": 10, "cat": 20, "dog": 30, "elk": 35}


def document(procedure: str, *, seats: str = "{planned: 2, minimum: 0, maximum: 4}", lifts: str = "false") -> str:
    return (
        TEXT.replace("procedure: [{step: rank}, {step: cut, keep: planned}, {step: gate, gate: safety}]", procedure)
        .replace("seats: {planned: 1, minimum: 0, maximum: 2}", f"seats: {seats}")
        .replace("lifts: false", f"lifts: {lifts}")
    )


def decided(
    text: str,
    *,
    unsafe: tuple[str, ...] = (),
    judged: tuple[str, ...] = TEAMS,
    fast: dict[str, int] = FAST,
) -> rules.Decision:
    return rules.decide(
        rules.load_rule_set(text),
        rules.collect(
            "final",
            TEAMS,
            scores=[
                rules.Score("panel", assessor, team, "quality", Decimal(value))
                for team, value in QUALITY.items()
                for assessor in ("p0", "p1")
            ],
            measurements=[rules.Measurement("test", team, "speed", Decimal(value)) for team, value in fast.items()],
            verdicts=[rules.Verdict("safety", team, team not in unsafe, "examined", (), 2) for team in judged],
            seed=SEED,
        ),
    )


RANK, CUT, GATE = "{step: rank}", "{step: cut, keep: planned}", "{step: gate, gate: safety}"
WILD = "{step: wildcard, seats: 1, part: speed}"
REFILL = "{step: refill, keep: planned}"


def steps(*names: str) -> str:
    return f"procedure: [{', '.join(names)}]"


def test_a_wildcard_goes_to_the_best_in_another_part_among_those_cut() -> None:
    decision = decided(document(steps(RANK, CUT, WILD, GATE)))
    assert decision.ranking == ("ant", "bee", "cat", "dog", "elk")
    assert decision.advanced == ("ant", "bee", "elk")
    assert [(each.step, each.after) for each in decision.procedure][2] == ("wildcard:speed", ("ant", "bee", "elk"))
    assert {each.team for each in decision.eliminated} == {"cat", "dog"}
    assert decision.seats.filled == 3


def test_level_teams_take_wildcards_by_rank() -> None:
    assert decided(document(steps(RANK, CUT, WILD, GATE)), fast=FAST | {"dog": 35}).advanced == ("ant", "bee", "dog")


def test_a_wildcard_below_its_minimum_stays_free() -> None:
    high = WILD.replace("speed}", "speed, minimum: 2}")
    assert decided(document(steps(RANK, CUT, high, GATE))).advanced == ("ant", "bee")
    low = WILD.replace("speed}", "speed, minimum: 1.75}").replace("seats: 1", "seats: 2")
    # 35 of 100 on 5 points is 1.75, rounded half up to 1.8; dog has 1.5.
    assert decided(document(steps(RANK, CUT, low, GATE))).advanced == ("ant", "bee", "elk")


def test_a_gate_after_a_wildcard_applies_to_it() -> None:
    decision = decided(document(steps(RANK, CUT, WILD, GATE)), unsafe=("elk",))
    assert decision.advanced == ("ant", "bee")
    assert ("elk", "gate") in {(each.team, each.reason) for each in decision.eliminated}


def test_a_gate_before_a_wildcard_is_not_passed_by() -> None:
    decision = decided(document(steps(RANK, CUT, GATE, WILD)), unsafe=("elk",))
    assert decision.advanced == ("ant", "bee", "dog")
    assert {(each.team, each.passed) for each in decision.gates} == {
        ("ant", True), ("bee", True), ("elk", False), ("dog", True),
    }  # fmt: skip
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        decided(document(steps(RANK, CUT, GATE, WILD)), judged=("ant", "bee"))
    assert incomplete.value.missing == (rules.Missing(rules.Lacking.VERDICT, "safety", ("elk",)),)


def test_a_second_round_fills_what_a_gate_left_free_and_no_more() -> None:
    assert decided(document(steps(RANK, CUT, GATE, REFILL))).advanced == ("ant", "bee")
    again = decided(document(steps(RANK, CUT, GATE, REFILL)), unsafe=("ant", "cat"))
    assert again.advanced == ("bee", "dog")
    assert ("ant", "gate") in {(each.team, each.reason) for each in again.eliminated}
    assert ("cat", "rank") in {(each.team, each.reason) for each in again.eliminated}


def test_a_second_round_may_find_nobody() -> None:
    decision = decided(document(steps(RANK, CUT, GATE, REFILL)), unsafe=TEAMS)
    assert (decision.outcome, decision.advanced) == ("no-award", ())


def test_a_team_that_a_gate_lifts_passes_the_gates_before_it() -> None:
    score = "  - {kind: minimum-score, id: fast, title: {ko: 속, en: Fast}, part: speed, minimum: 0.1, lifts: true}\n"
    text = document(steps(RANK, CUT, GATE, "{step: gate, gate: fast}")).replace("procedure:", f"{score}procedure:")
    # ant is not fast enough and leaves a seat; cat would be next and is not safe.
    assert decided(text, unsafe=("cat",)).advanced == ("bee", "dog")


def test_a_gate_before_the_ranking_leaves_its_teams_unranked() -> None:
    decision = decided(document(steps(GATE, RANK, CUT)), unsafe=("ant",))
    assert decision.ranking == ("bee", "cat", "dog", "elk")
    assert decision.row("ant").rank is None


@pytest.mark.parametrize(
    ("procedure", "code", "path"),
    [
        (steps(RANK, WILD, CUT, GATE), "PROCEDURE_ORDER", "procedure[1]"),
        (steps(RANK, REFILL, CUT, GATE), "PROCEDURE_ORDER", "procedure[1]"),
        (steps(RANK, CUT, CUT, GATE), "PROCEDURE_ORDER", "procedure"),
        (steps(RANK, CUT, WILD.replace("speed", "luck"), GATE), "PART_UNKNOWN", "procedure[2].part"),
        (steps(RANK, CUT, WILD.replace("seats: 1", "seats: 3"), GATE), "SEATS_OVER_MAXIMUM", "procedure[2].seats"),
        (steps(RANK, CUT, WILD, WILD, WILD, GATE), "SEATS_OVER_MAXIMUM", "procedure[4].seats"),
        (steps(RANK, CUT, WILD.replace("seats: 1", "seats: 0"), GATE), "VALUE_INVALID", "procedure[2].seats"),
        (steps(RANK, CUT, "{step: draw}", GATE), "KIND_UNKNOWN", "procedure[2]"),
        (steps(RANK, CUT.replace("planned", "maximum"), WILD, GATE), "SEATS_OVER_MAXIMUM", "procedure[2].seats"),
    ],
)
def test_a_procedure_that_cannot_be_is_refused(procedure: str, code: str, path: str) -> None:
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(document(procedure))
    assert (code, path) in {(each.code, each.path) for each in refused.value.violations}
