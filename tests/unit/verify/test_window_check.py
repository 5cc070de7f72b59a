"""A decision is final when its objection window is over, or early where every team has waived."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from dokpamo.selection.v1 import events_pb2 as selection
from verify.findings import Report
from verify.instants import for_people
from verify.window_check import check_window

from tests.builders.public_record import RULE_SET, STAGE, TEAMS, LogBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import rules

SHA256 = "d" * 64
NEVER = RULE_SET.model_copy(
    update={"objections": RULE_SET.objections.model_copy(update={"early_close": "never"})}
)  # fmt: skip
EARLY = f"the objection window of stage {STAGE} was closed early"


class Window:
    """A decision, version 1, and the end of its objection window."""

    def __init__(self, rule_set: rules.RuleSet = RULE_SET) -> None:
        self.log, self.rule_set = LogBuilder(), rule_set
        self.decided: dict[str, Any] = {"stage_id": STAGE, "decision_sha256": SHA256, "version": 1}
        provisional = selection.DecisionProvisional(**self.decided)
        before = self.log.now
        self.end: datetime = self.log.add_decision(provisional, rule_set)
        self.log.now = before + timedelta(minutes=1)

    def waive(self, teams: Sequence[str], version: int = 1) -> None:
        for team in teams:
            self.log.add(selection.ObjectionWaived(stage_id=STAGE, version=version, team_id=team))

    def final(self, at: timedelta, *, closed_early: bool = False) -> list[str]:
        """What is found of the decision that is final so long after the end of its window."""
        self.log.now = self.end + at - timedelta(minutes=1)
        self.log.add(selection.DecisionFinalized(**self.decided, closed_early=closed_early))
        report, chronicle = Report(), self.log.chronicle()
        check_window(chronicle.final_decisions()[STAGE], self.rule_set, TEAMS, chronicle, report)
        return [finding.rule for finding in report.findings]


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=40)])
def test_a_decision_that_is_final_once_its_window_is_over_holds(late: timedelta) -> None:
    assert Window().final(late) == []


def test_one_that_is_final_before_is_named() -> None:
    window = Window()
    said = f"the decision of stage {STAGE} was final before its objection window ended at {for_people(window.end)}"
    assert window.final(timedelta(seconds=-1)) == [said]


@pytest.mark.parametrize("moved", [timedelta(days=-1), timedelta(seconds=1)])
def test_a_window_of_another_length_than_the_rule_set_says_is_named(moved: timedelta) -> None:
    window = Window()
    other = selection.DecisionProvisional(**window.decided)
    other.final_at.FromDatetime(window.end + moved)
    window.log = LogBuilder()
    window.log.add(other)
    said = f"ends at {for_people(window.end + moved)}, and by the rule set at {for_people(window.end)}"
    assert window.final(timedelta(days=1)) == [f"the objection window of stage {STAGE} {said}"]


def test_a_window_is_closed_early_once_every_team_has_waived() -> None:
    window = Window()
    window.waive(TEAMS)
    assert window.final(timedelta(days=-5), closed_early=True) == []


def test_a_team_that_has_not_waived_is_named() -> None:
    window = Window()
    window.waive(TEAMS[1:])
    window.waive(TEAMS[:1], version=2)
    assert window.final(timedelta(days=-5), closed_early=True) == [f"{EARLY}, and team {TEAMS[0]} has not waived"]


def test_no_window_is_closed_early_where_the_rule_set_does_not_allow_it() -> None:
    window = Window(NEVER)
    window.waive(TEAMS)
    assert window.final(timedelta(days=-5), closed_early=True) == [f"{EARLY}, which its rule set does not allow"]
