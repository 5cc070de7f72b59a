"""Figures that a stage carries over are those of the earlier stage's decision that was final then, and no others."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import rules
from common.provenance import value_of
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1 import events_pb2 as selection
from rules.exact import plain
from verify.export import DecisionDocuments

from tests.builders.programme_record import final_decision
from tests.builders.public_record import LogBuilder, private_key, record_of
from tests.builders.versions_record import report_of

if TYPE_CHECKING:
    from pathlib import Path

    from verify.findings import Report

PROGRAMME = files("client") / "programmes" / "research-grant"
ROUNDS = ("round-1", "round-2")


def text(folder: str, stage: str) -> str:
    return (PROGRAMME / folder / f"{stage}.yaml").read_text(encoding="utf-8")


def hand_in(log: LogBuilder, stage: str, inputs: rules.Inputs) -> None:
    marks = {table.source: table.provenance for table in inputs.sheets}
    handed: dict[tuple[str, str], list[ScoreRow]] = {}
    for score in inputs.scores():
        row = ScoreRow(team_id=score.team, criterion=score.criterion, value=plain(score.value))
        handed.setdefault((score.source, score.assessor), []).append(row)
    for (source, who), rows in handed.items():
        log.add(
            evaluation.ScoreSheetSubmitted(
                stage_id=stage, source_id=source, assessor_id=who, rows=rows, provenance=value_of(marks[source])
            )
        )
    for each in inputs.verdicts:
        log.add(
            selection.GateVerdictRecorded(
                stage_id=stage, team_id=each.team, gate=each.gate, passed=each.passed, reason=each.reason,
                evidence=each.evidence, judged_by=each.judged_by, provenance=value_of(each.provenance),
            )
        )  # fmt: skip


def add_final(log: LogBuilder, message: selection.DecisionFinalized) -> None:
    log.add(message)
    log.add(selection.ResultsReleased(stage_id=message.stage_id, decision_sha256=message.decision_sha256))


def checked(folder: Path, *, raised: bool = False, final: bool = True) -> Report:
    """What a check says of two rounds; the second carries totals over, `raised` where one is not the first round's.

    Where the first is not `final` before the second is decided, there was nothing to carry over.
    """
    log, documents, rule_sets = LogBuilder(), {}, {}
    earlier: dict[str, rules.Decision] = {}
    last: list[selection.DecisionFinalized] = []
    for stage in ROUNDS:
        rule_set = rules.load_rule_set(text("rule-sets", stage))
        sha256, document = rules.sha256_of(rule_set), rules.canonical_bytes(rule_set)
        given = rules.load_inputs(text("scores", stage))
        carried = list(rules.carry(rule_set, given.entrants, earlier))
        if raised and carried:
            carried[0] = replace(carried[0], value=carried[0].value + Decimal("0.01"))
        inputs = rules.collect(stage, given.entrants, scores=given.scores(), measurements=given.measurements,
                               verdicts=given.verdicts, carried=carried, seed=given.seed)  # fmt: skip
        decision = rules.decide(rule_set, inputs)
        log.add(selection.RuleSetPublished(rule_set_sha256=sha256, stage_id=stage, rule_set_json=document))
        log.add(selection.RuleSetFrozen(rule_set_sha256=sha256, stage_id=stage))
        if not rule_set.eligibility.advanced_from:
            log.add(CallClosed(call_id="call", team_ids=given.entrants))
        log.add(selection.StageOpened(stage_id=stage, rule_set_sha256=sha256, team_ids=given.entrants))
        hand_in(log, stage, inputs)
        said: dict[str, Any] = {"stage_id": stage, "rule_set_sha256": sha256, "inputs_sha256": inputs.sha256(),
                "decision_sha256": decision.sha256()}  # fmt: skip
        provisional = selection.DecisionProvisional(**said, decision_json=decision.canonical_bytes(), version=1)
        last.append(final_decision(rule_set, inputs, decision, log.add_decision(provisional, rule_set)))
        if final:
            add_final(log, last.pop())
        earlier[stage], rule_sets[sha256] = decision, document
        documents[stage] = DecisionDocuments(inputs.canonical_bytes(), decision.canonical_bytes())
    for message in last:
        add_final(log, message)
    return report_of(replace(record_of(log, private_key()), rule_sets=rule_sets, decisions=documents), folder)


def test_figures_of_the_earlier_decision_hold(tmp_path: Path) -> None:
    report = checked(tmp_path)
    assert report.findings == []
    assert report.decisions == list(ROUNDS)


def test_a_figure_that_is_not_the_earlier_decisions_is_named(tmp_path: Path) -> None:
    report = checked(tmp_path, raised=True)
    (found,) = report.findings
    assert (found.path, report.decisions) == ("inputs/round-2.json", ["round-1"])
    assert found.rule.startswith("carried figure of first-round, ")


def test_figures_of_a_decision_that_was_not_final_are_not_taken(tmp_path: Path) -> None:
    report = checked(tmp_path, final=False)
    figures = [each.rule for each in report.findings if each.path.startswith("inputs/")]
    assert {rule.rpartition(":")[2] for rule in figures} == {" is not in the log"}
    others = [each.rule for each in report.findings if not each.path.startswith("inputs/")]
    assert all(rule.endswith("entered stage round-2, and by the rule set and the log it may not") for rule in others)
