"""What a final decision gives and takes is what the rule set says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import rules
from client.replay.programme import load_programme
from dokpamo.selection.v1 import events_pb2 as selection
from verify.consequence_check import check_consequences
from verify.findings import Report

from tests.builders.programme_record import final_decision
from tests.builders.public_record import LogBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

(STAGE,) = (each for each in load_programme().stages if each.stage_id == "stage-1")
DECISION = rules.decide(STAGE.rule_set, STAGE.inputs)
LOSES = "by the rule set"


def found(change: Callable[[Any], object] | None = None) -> list[str]:
    """What is found of the event of stage 1's decision, in which something else may stand."""
    log = LogBuilder()
    said: dict[str, Any] = {"stage_id": "stage-1", "decision_sha256": DECISION.sha256(), "version": 1}
    provisional = selection.DecisionProvisional(**said)
    provisional.final_at.FromDatetime(log.now)
    final = final_decision(STAGE.rule_set, STAGE.inputs, DECISION, log.now)
    if change is not None:
        change(final)
    log.add(provisional)
    log.add(final)
    report, chronicle = Report(), log.chronicle()
    check_consequences(chronicle.final_decisions()["stage-1"], STAGE.rule_set, chronicle, report)
    return [finding.rule for finding in report.findings]


def test_what_the_rule_set_gives_and_takes_holds() -> None:
    assert found() == []


def test_the_rule_set_gives_and_takes_something() -> None:
    final = final_decision(STAGE.rule_set, STAGE.inputs, DECISION, LogBuilder().now)
    assert {each.kind for each in final.awards} >= {"gpu", "data"}
    assert all(each.forfeits for each in final.eliminated)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda final: final.eliminated[0].ClearField("forfeits"), "loses –, by the rule set gpu"),
        (lambda final: final.eliminated[0].forfeits.append("data"), "loses gpu, data, by the rule set gpu"),
        (lambda final: final.awards.pop(), "which it is by the rule set"),
        (lambda final: final.awards.append(final.awards[0]), "and by the rule set it is not"),
        (lambda final: setattr(final.awards[0], "amount", 1), "is given 1 of "),
        (lambda final: setattr(final.awards[0].valid_from, "seconds", 0), "and by the rule set it is not"),
        (lambda final: setattr(final.awards[0], "team_id", "nc-ai"), "team nc-ai is given"),
    ],
)
def test_what_it_does_not_say_is_named(change: Callable[[Any], object], rule: str) -> None:
    assert any(rule in each for each in found(change))
