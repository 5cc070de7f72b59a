"""Who entered a stage, and who was asked about its rules, follows from calls, earlier decisions and rules."""

from __future__ import annotations

from typing import Any

import pytest
import rules
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1 import events_pb2 as selection
from verify.entrants_check import check_opening
from verify.findings import Report
from verify.rule_change_check import check_governing

from tests.builders.public_record import RULE_SET, LogBuilder

EVERYBODY = ("alpha", "beta", "gamma", "delta")


def ruled(stage: str, version: int = 1, **eligibility: Any) -> rules.RuleSet:
    """The rules of a stage whose teams come as `eligibility` says."""
    document = rules.read_yaml(rules.canonical_bytes(RULE_SET).decode())
    assert isinstance(document, dict)
    document |= {"id": f"{stage}-rules", "stage": stage, "version": version}
    document |= {"eligibility": eligibility, "changes": {"consent": "all-entered-teams"}, "disclosure": {}}
    return rules.load_rule_set(rules.canonical_json(document).decode())


class Told:
    """A log of calls and stages, of which nothing but who entered and who went on is told."""

    def __init__(self) -> None:
        self.log = LogBuilder()

    def call(self, *teams: str, name: str = "call") -> None:
        self.log.add(CallClosed(call_id=name, team_ids=teams))

    def publish(self, rule_set: rules.RuleSet) -> str:
        sha256 = rules.sha256_of(rule_set)
        document = rules.canonical_bytes(rule_set)
        self.log.add(
            selection.RuleSetPublished(rule_set_sha256=sha256, stage_id=rule_set.stage, rule_set_json=document)
        )
        self.log.add(selection.RuleSetFrozen(rule_set_sha256=sha256, stage_id=rule_set.stage))
        return sha256

    def change(self, old: str, new: str, *asked: str) -> None:
        said: dict[str, Any] = {"stage_id": "second", "change_id": "change-1", "old_sha256": old, "new_sha256": new}
        said |= {"reason": "the data came later"}
        self.log.add(selection.RuleSetChangeProposed(**said, team_ids=asked))
        for team in asked:
            self.log.add(
                selection.RuleSetConsentRecorded(
                    stage_id="second", change_id="change-1", team_id=team, agreed=True, new_sha256=new
                )
            )
        changed = selection.RuleSetChanged(
            **said, consent="all-entered-teams", asked_team_ids=asked, agreed_team_ids=asked
        )
        self.log.add(changed)

    def open(self, stage: str, sha256: str, *teams: str) -> None:
        self.log.add(selection.StageOpened(stage_id=stage, rule_set_sha256=sha256, team_ids=teams))

    def decide(self, stage: str, sha256: str, *advanced: str) -> None:
        self.log.add(selection.DecisionFinalized(stage_id=stage, rule_set_sha256=sha256, advanced=advanced))

    def found(self, stage: str) -> list[str]:
        """What a check of a stage's opening finds."""
        report, chronicle = Report(), self.log.chronicle()
        check_opening(chronicle.final_decisions()[stage], chronicle, report)
        return [finding.rule for finding in report.findings]

    def found_of_rules(self) -> list[str]:
        """What a check of the second stage's rules finds."""
        report, chronicle = Report(), self.log.chronicle()
        check_governing(chronicle.final_decisions()["second"], chronicle, report)
        return [finding.rule for finding in report.findings]


def first(told: Told, *entered: str, advanced: tuple[str, ...] = ("alpha", "beta")) -> None:
    sha256 = told.publish(ruled("first", newcomers_may_apply=True))
    told.open("first", sha256, *entered)
    told.decide("first", sha256, *advanced)


def second(told: Told, *entered: str, **eligibility: Any) -> list[str]:
    sha256 = told.publish(ruled("second", **(eligibility or {"advanced_from": ["first"]})))
    told.open("second", sha256, *entered)
    told.decide("second", sha256)
    return told.found("second")


def test_the_applicants_of_a_call_enter() -> None:
    told = Told()
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    assert told.found("first") == []


def test_an_applicant_that_was_left_out_is_named() -> None:
    told = Told()
    told.call(*EVERYBODY)
    first(told, *EVERYBODY[:3])
    (found,) = told.found("first")
    assert found == "team delta was left out of stage first, which by the rule set and the log it may enter"


def test_who_is_in_no_call_does_not_enter() -> None:
    told = Told()
    told.call(*EVERYBODY[:3])
    first(told, *EVERYBODY)
    assert told.found("first") == ["no call of the log has all the teams that entered stage first"]


@pytest.mark.parametrize(
    ("entered", "found"),
    [
        (("alpha", "beta"), []),
        (("alpha",), ["team beta was left out of stage second, which by the rule set and the log it may enter"]),
        (
            ("alpha", "beta", "delta"),
            ["team delta entered stage second, and by the rule set and the log it may not"],
        ),
    ],
)
def test_who_went_on_from_the_earlier_stage_enters_and_nobody_else(entered: tuple[str, ...], found: list[str]) -> None:
    told = Told()
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    assert second(told, *entered) == found


def test_what_became_final_after_the_opening_lets_nobody_in() -> None:
    told = Told()
    sha256 = told.publish(ruled("second", advanced_from=["first"]))
    told.open("second", sha256, "alpha", "beta")
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    told.decide("second", sha256)
    assert len(told.found("second")) == 2


@pytest.mark.parametrize("added_first", [True, False])
def test_a_second_call_is_told_from_the_first_by_who_entered(*, added_first: bool) -> None:
    """Both have all of them; eliminated teams may come again, and those that are in the programme have their place."""
    told = Told()
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    calls = [("gamma", "delta"), ("gamma", "delta", "omega")]
    for number, teams in enumerate(calls if added_first else reversed(calls)):
        told.call(*teams, name=f"added-{number}")
    assert second(told, "gamma", "delta", eliminated_teams_may_apply=True) == []
    assert second(Told(), eliminated_teams_may_apply=True) == [
        "no call of the log has all the teams that entered stage second"
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("alpha", "beta"), []),
        (
            ("alpha",),
            ["change change-1 of the rules of stage second did not ask the teams that might enter then: beta"],
        ),
        (
            ("alpha", "beta", "omega"),
            ["change change-1 of the rules of stage second did not ask the teams that might enter then: omega"],
        ),
    ],
)
def test_before_the_opening_those_are_asked_that_might_enter(asked: tuple[str, ...], found: list[str]) -> None:
    told = Told()
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    old = told.publish(ruled("second", advanced_from=["first"]))
    new = told.publish(ruled("second", version=2, advanced_from=["first"]))
    told.change(old, new, *asked)
    told.open("second", new, "alpha", "beta")
    told.decide("second", new)
    assert told.found_of_rules() == found


def test_nobody_can_be_asked_before_it_is_known_who_might_enter() -> None:
    told = Told()
    old = told.publish(ruled("second", advanced_from=["first"]))
    new = told.publish(ruled("second", version=2, advanced_from=["first"]))
    told.change(old, new)
    told.call(*EVERYBODY)
    first(told, *EVERYBODY)
    told.open("second", new, "alpha", "beta")
    told.decide("second", new)
    assert told.found_of_rules() == []
