"""Rules that changed after a stage opened: lawful with the consent that the former version demands, and only then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import rules
from dokpamo.selection.v1 import events_pb2 as selection

from tests.builders.public_record import STAGE, TEAMS, LogBuilder
from tests.builders.versions_record import Versions, report_of, rules_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from verify.findings import Report

ALL, MAJORITY, NONE = "all-entered-teams", "majority-of-entered-teams", "none-before-opening"
CHANGE = f"{STAGE}-change-1"


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the log tells it."""

    consent: str = ALL
    asked: tuple[str, ...] = TEAMS
    said: Mapping[str, bool] | None = None
    """What each team said; all of them yes."""
    listed: tuple[str, ...] | None = None
    """Who is said to have agreed; those that did."""
    proposed: bool = True
    changed: bool = True
    before_opening: bool = False
    claimed: str = ""
    """The consent that the change names; that of the former rules."""
    frozen: bool = True
    reason: str = "the data came late"
    late: bool = False
    """Whether it comes after the decision."""

    def words(self) -> dict[str, bool]:
        """What each team said."""
        return dict.fromkeys(TEAMS, True) if self.said is None else dict(self.said)


def publish(log: LogBuilder, rule_set: rules.RuleSet, *, frozen: bool) -> str:
    sha256 = rules.sha256_of(rule_set)
    log.add(
        selection.RuleSetPublished(
            rule_set_sha256=sha256,
            rule_set_id=rule_set.id,
            version=rule_set.version,
            stage_id=STAGE,
            rule_set_json=rules.canonical_bytes(rule_set),
        )
    )
    if frozen:
        log.add(selection.RuleSetFrozen(rule_set_sha256=sha256, stage_id=STAGE))
    return sha256


def change(log: LogBuilder, told: Told, old: str, new: str) -> None:
    named: dict[str, Any] = {"stage_id": STAGE, "change_id": CHANGE}
    pair: dict[str, Any] = {"old_sha256": old, "new_sha256": new}
    if told.proposed:
        log.add(selection.RuleSetChangeProposed(**named, **pair, reason=told.reason, team_ids=told.asked))
    for team, agreed in told.words().items():
        log.add(selection.RuleSetConsentRecorded(**named, team_id=team, agreed=agreed, by_team=True, new_sha256=new))
    willing = [team for team, yes in sorted(told.words().items()) if yes]
    if told.changed:
        log.add(
            selection.RuleSetChanged(
                **named,
                **pair,
                reason=told.reason,
                consent=told.claimed or told.consent,
                asked_team_ids=told.asked,
                agreed_team_ids=willing if told.listed is None else told.listed,
            )
        )


def checked(told: Told, folder: Path) -> Report:
    """What a check says of a stage that is decided by rules that were changed so."""
    log = LogBuilder()
    former, next_rules = rules_with(told.consent, 1), rules_with(told.consent, 2)
    old = publish(log, former, frozen=True)
    new = publish(log, next_rules, frozen=told.frozen) if told.before_opening else ""
    if told.before_opening:
        change(log, told, old, new)
    log.add(selection.StageOpened(stage_id=STAGE, rule_set_sha256=new if told.before_opening else old, team_ids=TEAMS))
    if not told.before_opening:
        new = publish(log, next_rules, frozen=told.frozen)
        if not told.late:
            change(log, told, old, new)
    versions = Versions(log, next_rules)
    versions.decide()
    if told.late:
        change(log, told, old, new)
    versions.finalize()
    documents = {rules.sha256_of(each): rules.canonical_bytes(each) for each in (former, next_rules)}
    return report_of(versions.record(documents), folder)


NOBODY: dict[str, bool] = {}
YES_OF_TWO = {"alpha": True, "beta": True}


@pytest.mark.parametrize(
    "told",
    [
        Told(),
        Told(NONE),
        Told(MAJORITY, said=YES_OF_TWO),
        Told(MAJORITY, said={**YES_OF_TWO, "gamma": False}),
        Told(NONE, asked=(), said=NOBODY, before_opening=True),
        Told(ALL, before_opening=True),
    ],
)
def test_a_change_with_the_consent_that_the_former_rules_demand_holds(tmp_path: Path, told: Told) -> None:
    report = checked(told, tmp_path)
    assert report.findings == []
    assert report.decisions == [STAGE]


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (Told(changed=False), f"stage {STAGE} opened under rule set"),
        (Told(said=YES_OF_TWO), f"team gamma did not agree, and the former rule set demands {ALL}"),
        (Told(said={**YES_OF_TWO, "gamma": False}), "team gamma did not agree"),
        (Told(said=YES_OF_TWO, listed=TEAMS), "the consent of team gamma is not in the log"),
        (Told(NONE, said=NOBODY), "team alpha did not agree"),
        (Told(NONE, asked=(), said=NOBODY), "did not ask the teams that entered: alpha, beta, gamma"),
        (Told(asked=("alpha", "beta"), said=YES_OF_TWO), "did not ask the teams that entered: gamma"),
        (Told(MAJORITY, said={"alpha": True}), "1 of 3 teams agreed, which is no majority"),
        (
            Told(MAJORITY, said={"alpha": True, "omega": True}),
            "team omega, whose consent is in entry 7, was not asked",
        ),
        (
            Told(said={**dict.fromkeys(TEAMS, True), "omega": True}),
            "team omega, whose consent is in entry 9, was not asked",
        ),
        (Told(proposed=False), "was not proposed in the log"),
        (Told(claimed=NONE), f"the former rule set demands {ALL}, not {NONE}"),
        (Told(frozen=False), "is to a rule set that was not frozen"),
        (Told(listed=("alpha", "beta")), "leaves out the consent of team gamma"),
        (Told(reason=" "), "has no reason"),
        (Told(late=True), "came after the decision"),
        (Told(NONE, before_opening=True), "asked teams whose consent is not demanded"),
    ],
)
def test_a_change_without_it_is_refused_by_name(tmp_path: Path, told: Told, rule: str) -> None:
    report = checked(told, tmp_path)
    assert any(rule in each.rule for each in report.findings), report.findings
    assert report.decisions == []


def test_a_consent_to_another_version_is_none(tmp_path: Path) -> None:
    log = LogBuilder()
    former, middle, last = (rules_with(ALL, version) for version in (1, 2, 3))
    old = publish(log, former, frozen=True)
    log.add(selection.StageOpened(stage_id=STAGE, rule_set_sha256=old, team_ids=TEAMS))
    consented, new = publish(log, middle, frozen=True), publish(log, last, frozen=True)
    named: dict[str, Any] = {"stage_id": STAGE, "change_id": CHANGE}
    log.add(selection.RuleSetChangeProposed(**named, old_sha256=old, new_sha256=new, team_ids=TEAMS))
    for team in TEAMS:
        log.add(selection.RuleSetConsentRecorded(**named, team_id=team, agreed=True, new_sha256=consented))
    log.add(
        selection.RuleSetChanged(
            **named, old_sha256=old, new_sha256=new, reason="r", consent=ALL, asked_team_ids=TEAMS,
            agreed_team_ids=TEAMS,
        )
    )  # fmt: skip
    versions = Versions(log, last)
    versions.decide()
    versions.finalize()
    documents = {rules.sha256_of(each): rules.canonical_bytes(each) for each in (former, middle, last)}
    report = report_of(versions.record(documents), tmp_path)
    assert sum("is not in the log" in each.rule for each in report.findings) == len(TEAMS)


def test_a_second_change_follows_the_first(tmp_path: Path) -> None:
    """Each version governs in its turn; one that changes what no longer governs is named."""
    for second_of_first in (False, True):
        log = LogBuilder()
        made = [rules_with(ALL, version) for version in (1, 2, 3)]
        first = publish(log, made[0], frozen=True)
        log.add(selection.StageOpened(stage_id=STAGE, rule_set_sha256=first, team_ids=TEAMS))
        second, third = publish(log, made[1], frozen=True), publish(log, made[2], frozen=True)
        for number, (old, new) in enumerate([(first, second), (first if second_of_first else second, third)]):
            named: dict[str, Any] = {"stage_id": STAGE, "change_id": f"change-{number}"}
            log.add(
                selection.RuleSetChangeProposed(**named, old_sha256=old, new_sha256=new, team_ids=TEAMS, reason="r")
            )
            for team in TEAMS:
                log.add(selection.RuleSetConsentRecorded(**named, team_id=team, agreed=True, new_sha256=new))
            log.add(
                selection.RuleSetChanged(
                    **named, old_sha256=old, new_sha256=new, reason="r", consent=ALL, asked_team_ids=TEAMS,
                    agreed_team_ids=TEAMS,
                )
            )  # fmt: skip
        versions = Versions(log, made[2])
        versions.decide()
        versions.finalize()
        documents = {rules.sha256_of(each): rules.canonical_bytes(each) for each in made}
        report = report_of(versions.record(documents), tmp_path / str(second_of_first))
        assert bool(report.findings) == second_of_first
