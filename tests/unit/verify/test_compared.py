"""Comparisons of two teams: what a decision rests on is what the log has, also where an assessor's name is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import rules
from common.provenance import value_of
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1 import events_pb2 as selection
from verify.export import DecisionDocuments

from tests.builders.programme_record import final_decision
from tests.builders.public_record import LogBuilder, private_key, record_of
from tests.builders.rule_sets import ARENA
from tests.builders.versions_record import report_of
from tests.unit.verify.test_carried import add_final, hand_in

if TYPE_CHECKING:
    from pathlib import Path

    from verify.findings import Report

RULES = rules.load_rule_set(ARENA)
TEAMS = ("ant", "bee", "cat")
PREFERRED = {
    ("judge-1", "q1"): ("ant", "ant", "bee"),
    ("judge-2", "q1"): ("bee", "", "cat"),
    ("judge-3", "q2"): ("ant", "cat", ""),
}
PAIRS = (("ant", "bee"), ("ant", "cat"), ("bee", "cat"))
GIVEN = [
    rules.Comparison("arena", who, item, *pair, winner)
    for (who, item), winners in PREFERRED.items()
    for pair, winner in zip(PAIRS, winners, strict=True)
]
VERDICTS = [rules.Verdict("safety", team, passed=True, reason="examined", evidence=(), judged_by=2) for team in TEAMS]


def told(each: rules.Comparison) -> evaluation.ComparisonSubmitted:
    return evaluation.ComparisonSubmitted(
        comparison_id=f"final/arena/{each.assessor}/{each.item}/{each.first}/{each.second}",
        stage_id="final",
        source_id="arena",
        assessor_id=each.assessor,
        item=each.item,
        team_ids=[each.first, each.second],
        preferred_team_id=each.winner,
        provenance=value_of(each.provenance),
    )


def checked(folder: Path, logged: list[evaluation.ComparisonSubmitted]) -> Report:
    """What a check says of a stage decided by `GIVEN`, where the log has these comparisons."""
    log = LogBuilder()
    inputs = rules.collect("final", TEAMS, comparisons=GIVEN, verdicts=VERDICTS)
    decision = rules.decide(RULES, inputs)
    sha256, document = rules.sha256_of(RULES), rules.canonical_bytes(RULES)
    log.add(selection.RuleSetPublished(rule_set_sha256=sha256, stage_id="final", rule_set_json=document))
    log.add(selection.RuleSetFrozen(rule_set_sha256=sha256, stage_id="final"))
    log.add(CallClosed(call_id="call", team_ids=TEAMS))
    log.add(selection.StageOpened(stage_id="final", rule_set_sha256=sha256, team_ids=TEAMS))
    for message in logged:
        log.add(message)
    hand_in(log, "final", rules.collect("final", TEAMS, verdicts=VERDICTS))
    said: dict[str, Any] = {
        "stage_id": "final",
        "rule_set_sha256": sha256,
        "inputs_sha256": inputs.sha256(),
        "decision_sha256": decision.sha256(),
        "version": 1,
    }
    provisional = selection.DecisionProvisional(**said, decision_json=decision.canonical_bytes())
    add_final(log, final_decision(RULES, inputs, decision, log.add_decision(provisional, RULES)))
    documents = {"final": DecisionDocuments(inputs.canonical_bytes(), decision.canonical_bytes())}
    record = replace(record_of(log, private_key()), rule_sets={sha256: document}, decisions=documents)
    return report_of(record, folder)


def test_a_decision_by_comparisons_holds(tmp_path: Path) -> None:
    report = checked(tmp_path, [told(each) for each in GIVEN])
    assert (report.findings, report.decisions) == ([], ["final"])


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"preferred_team_id": "bee"}, "comparison of arena, judge-1, q1, ant, bee: ant here, bee in the log"),
        ({"item": "q9"}, "comparison of arena, judge-1, q1, ant, bee: is not in the log"),
        ({"assessor_id": "judge-9"}, "comparison of arena, judge-1, q1, ant, bee: is not in the log"),
        ({"source_id": "elsewhere"}, "comparison of arena, judge-1, q1, ant, bee: is not in the log"),
        ({"provenance": value_of("synthetic")}, "provenance of arena, judge-1, q1, ant, bee"),
        ({"team_ids": ["ant"]}, "comparison of arena, judge-1, q1, ant, : is in the log and was left out"),
    ],
)
def test_a_comparison_that_the_log_has_otherwise_is_named(tmp_path: Path, changed: dict[str, Any], rule: str) -> None:
    first = told(GIVEN[0])
    for name, value in changed.items():
        first.ClearField(name)  # type: ignore[arg-type] # a name of its fields
        if isinstance(value, list):
            getattr(first, name).extend(value)
        else:
            setattr(first, name, value)
    report = checked(tmp_path, [first, *(told(each) for each in GIVEN[1:])])
    assert any(each.rule.startswith(rule) for each in report.findings), [each.rule for each in report.findings]
    assert report.decisions == []


def test_a_comparison_that_is_said_twice_otherwise_is_named(tmp_path: Path) -> None:
    twice = told(GIVEN[0])
    twice.preferred_team_id = "bee"
    report = checked(tmp_path, [twice, *(told(each) for each in GIVEN)])
    assert any("says otherwise of the comparison of final, arena, judge-1, q1, ant, bee" in each.rule for each in
               report.findings)  # fmt: skip
