"""What a decision needs, refuses and does, on a small rule set of two teams."""

import contextlib
import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest
import rules

from tests.builders.small_final import FULL, RULES, SEED, TEXT, given


def code_of(refused: pytest.ExceptionInfo[rules.InputsRefusedError]) -> set[str]:
    return {each.code for each in refused.value.violations}


def test_the_better_team_takes_the_seat() -> None:
    decision = rules.decide(RULES, FULL)
    assert decision.totals() == {"ant": "8.5", "bee": "8.0"}
    assert decision.advanced == ("ant",)


def test_a_missing_score_is_named_and_never_zero() -> None:
    inputs = given({"ant": ["5", "4"], "bee": ["3", ""]}, {"ant": "80", "bee": "90"})
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, inputs)
    assert incomplete.value.missing == (rules.Missing(rules.Lacking.SCORE, "panel", ("bee",), "p1", "quality"),)


def test_a_team_without_any_sheet_is_named() -> None:
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, given({"ant": ["5", "4"]}, {"ant": "80", "bee": "90"}))
    assert incomplete.value.missing == (rules.Missing(rules.Lacking.SHEETS, "panel", ("bee",)),)


def test_a_missing_measurement_is_named() -> None:
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, given({"ant": ["5", "4"], "bee": ["3", "4"]}, {"ant": "80"}))
    assert incomplete.value.missing == (rules.Missing(rules.Lacking.MEASUREMENT, "test", ("bee",), criterion="speed"),)


def test_a_panel_below_its_minimum_is_not_complete() -> None:
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, given({"ant": ["5"], "bee": ["3"]}, {"ant": "80", "bee": "90"}))
    assert incomplete.value.missing[0].what == "assessors"


def test_a_missing_verdict_on_a_standing_team_is_named() -> None:
    inputs = given({"ant": ["5", "4"], "bee": ["3", "4"]}, {"ant": "80", "bee": "90"}, safe={"bee": True})
    with pytest.raises(rules.InputsIncompleteError) as incomplete:
        rules.decide(RULES, inputs)
    assert incomplete.value.missing == (rules.Missing(rules.Lacking.VERDICT, "safety", ("ant",)),)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_score_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        given({"ant": [value, "4"]}, {"ant": "80"})
    assert code_of(refused) == {"NUMBER_NOT_EXACT"}
    with pytest.raises(rules.InputsRefusedError):
        given({}, {"ant": value})


@pytest.mark.parametrize("value", ["6", "-1", "4.5"])
def test_a_score_off_its_scale_is_refused(value: str) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, given({"ant": [value, "4"], "bee": ["3", "4"]}, {"ant": "80", "bee": "90"}))
    assert code_of(refused) == {"VALUE_OFF_SCALE"}
    assert refused.value.violations[0].path == "sheets.panel.ant.quality.p0"


@pytest.mark.parametrize("value", ["100.1", "-0.1", "80.55"])
def test_a_measurement_off_its_scale_is_refused(value: str) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, given({"ant": ["4", "4"], "bee": ["3", "4"]}, {"ant": value, "bee": "90"}))
    assert code_of(refused) == {"VALUE_OFF_SCALE"}


def test_an_unknown_team_is_refused() -> None:
    quality = {"ant": ["5", "4"], "bee": ["3", "4"], "cat": ["1", "1"]}
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, given(quality, {"ant": "80", "bee": "90", "dog": "1"}, safe={"elk": True}))
    assert code_of(refused) == {"TEAM_UNKNOWN"}
    assert {each.value for each in refused.value.violations} == {"cat", "dog", "elk"}


def test_the_same_score_twice_is_refused() -> None:
    score = rules.Score("panel", "p0", "ant", "quality", Decimal(3))
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.collect("final", ["ant"], scores=[score, replace(score, value=Decimal(4))])
    assert code_of(refused) == {"DUPLICATE"}


def test_inputs_of_another_stage_are_refused() -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, replace(FULL, stage="semi-final"))
    assert code_of(refused) == {"STAGE_MISMATCH"}


def test_a_verdict_below_its_quorum_is_refused() -> None:
    verdicts = tuple(replace(each, judged_by=1) for each in FULL.verdicts)
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, replace(FULL, verdicts=verdicts))
    assert code_of(refused) == {"QUORUM_MISSED"}


def test_too_many_assessors_are_refused() -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, given({"ant": ["5"] * 4, "bee": ["3"] * 4}, {"ant": "80", "bee": "90"}))
    assert code_of(refused) == {"PANEL_TOO_LARGE"}


def test_a_failed_gate_lifts_nobody_unless_the_document_says_so() -> None:
    inputs = given({"ant": ["5", "5"], "bee": ["3", "3"]}, {"ant": "80", "bee": "80"}, safe={"ant": False, "bee": True})
    kept = rules.decide(RULES, inputs)
    assert (kept.advanced, kept.outcome) == ((), "no-award")
    lifting = rules.load_rule_set(TEXT.replace("lifts: false", "lifts: true"))
    lifted = rules.decide(lifting, inputs)
    assert lifted.advanced == ("bee",)
    assert [(each.team, each.reason) for each in lifted.eliminated] == [("ant", "gate")]


def test_a_gate_before_the_ranking_frees_its_place() -> None:
    text = TEXT.replace("[{step: rank}, {step: cut, keep: planned}, {step: gate, gate: safety}]",
                        "[{step: gate, gate: safety}, {step: rank}, {step: cut, keep: planned}]")  # fmt: skip
    inputs = given({"ant": ["5", "5"], "bee": ["3", "3"]}, {"ant": "80", "bee": "80"}, safe={"ant": False, "bee": True})
    decision = rules.decide(rules.load_rule_set(text), inputs)
    assert decision.advanced == ("bee",)
    assert decision.row("ant").rank is None
    assert decision.row("ant").total == "9.0"


def test_a_minimum_score_gate_is_computed() -> None:
    judged = "{kind: verdict, id: safety, title: {ko: 안전, en: Safety}, quorum: 2, lifts: false}"
    floor = "{kind: minimum-score, id: safety, title: {ko: 하한, en: Floor}, part: quality, minimum: 4.6, lifts: false}"
    text = TEXT.replace(judged, floor)
    decision = rules.decide(rules.load_rule_set(text), replace(FULL, verdicts=()))
    assert decision.eliminated[-1] == rules.Eliminated("ant", "gate", "safety")


def test_a_tie_goes_to_the_next_link_of_the_chain_and_is_logged() -> None:
    inputs = given({"ant": ["4", "4"], "bee": ["3", "3"]}, {"ant": "60", "bee": "80"})
    decision = rules.decide(RULES, inputs)
    assert decision.advanced == ("ant",)
    assert [tie.by for tie in decision.ties] == ["part:quality"]


def test_a_full_tie_is_settled_by_the_committed_lot_only() -> None:
    level = {"ant": ["4", "4"], "bee": ["4", "4"]}
    speed = {"ant": "60", "bee": "60"}
    with pytest.raises(rules.InputsIncompleteError):
        rules.decide(RULES, given(level, speed))
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.decide(RULES, given(level, speed, seed="another seed"))
    assert code_of(refused) == {"SEED_NOT_COMMITTED"}
    decision = rules.decide(RULES, given(level, speed, seed=SEED))
    assert [tie.by for tie in decision.ties] == ["part:quality", "lot"]
    expected = sorted(level, key=lambda team: hashlib.sha256(f"{SEED}\nsmall\n{team}".encode()).hexdigest())
    assert decision.ranking == tuple(expected)


def test_nobody_entered_is_a_lawful_no_award() -> None:
    decision = rules.decide(RULES, rules.collect("final", []))
    assert (decision.outcome, decision.table) == ("no-award", ())


def test_fewer_than_the_minimum_is_said() -> None:
    strict = rules.load_rule_set(TEXT.replace("minimum: 0, maximum: 2", "minimum: 1, maximum: 2"))
    assert rules.decide(strict, rules.collect("final", [])).outcome == "below-minimum"


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"stage":1}', b"[" * 100_000, b'{"format":"dokpamo/inputs/1"}']
)
def test_bytes_that_are_no_document_are_refused(data: bytes) -> None:
    with pytest.raises(rules.InputsRefusedError):
        rules.inputs_from_json(data)
    with pytest.raises(rules.DecisionRefusedError):
        rules.decision_from_json(data)
    with pytest.raises(rules.RuleSetInvalidError):
        rules.rule_set_from_json(data)


def changed(data: bytes) -> list[bytes]:
    """The data with one bit of one byte changed, at every seventh byte."""
    return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), 7)]


def test_no_changed_byte_of_the_inputs_keeps_their_hash() -> None:
    for data in changed(FULL.canonical_bytes()):
        with contextlib.suppress(rules.InputsRefusedError):
            assert rules.inputs_from_json(data).sha256() != FULL.sha256()


def test_no_changed_byte_of_a_decision_keeps_its_hash() -> None:
    decision = rules.decide(RULES, FULL)
    for data in changed(decision.canonical_bytes()):
        with contextlib.suppress(rules.DecisionRefusedError):
            assert rules.decision_from_json(data).sha256() != decision.sha256()


def test_large_tables_are_written_as_rfc_8785_says() -> None:
    assert FULL.canonical_bytes() == rules.canonical_json(json.loads(FULL.canonical_bytes()))
