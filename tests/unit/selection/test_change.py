"""Changes of a rule set that governs: reason, consent, and what they lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rules import load_rule_set
from selection.domain import rule_set
from selection.domain.change import (
    Change,
    ChangeState,
    Consent,
    ConsentRule,
    check_change,
    closed,
    outcome,
    who_is_asked,
    with_consent,
)
from selection.domain.refusal import (
    ChangeClosedError,
    ConsentNotAskedError,
    ConsentTakenError,
    EvidenceMissingError,
    NotANewerVersionError,
    ReasonMissingError,
    RuleBrokenError,
    RuleSetNotFrozenError,
    StageDecidedError,
)
from selection.domain.stage import StageState

from tests.builders.selection_cases import STAGE_ONE_BY_CALL
from tests.unit.selection.test_agenda import STAGE

NOW = datetime(2025, 11, 20, tzinfo=UTC)
OLD_RULES = load_rule_set(STAGE_ONE_BY_CALL)
OLD = rule_set.freeze(rule_set.publish(OLD_RULES, [], NOW), NOW)
NEW = rule_set.publish(OLD_RULES.model_copy(update={"version": OLD.version + 1}), [OLD], NOW)
FROZEN = rule_set.freeze(NEW, NOW)
CHANGE = Change("c", "s", "a" * 64, "b" * 64, "ill", "kim", NOW, ConsentRule.ALL, ("a", "b", "c"))


def said(team: str, *, agreed: bool = True) -> Consent:
    return Consent(team, agreed, (), f"member:{team}", by_team=True, recorded_at=NOW)


def after(rule: ConsentRule, *consents: Consent) -> ChangeState:
    change = replace(CHANGE, consent=rule)
    for each in consents:
        change = with_consent(change, each)
    return outcome(change)


def test_all_teams_must_agree_and_one_that_does_not_ends_it() -> None:
    assert after(ConsentRule.ALL, said("a"), said("b")) is ChangeState.PENDING
    assert after(ConsentRule.ALL, said("a"), said("b"), said("c")) is ChangeState.EFFECTIVE
    assert after(ConsentRule.ALL, said("a"), said("b", agreed=False)) is ChangeState.REFUSED


def test_a_majority_is_more_than_half_and_ends_when_it_cannot_come_any_more() -> None:
    assert after(ConsentRule.MAJORITY, said("a")) is ChangeState.PENDING
    assert after(ConsentRule.MAJORITY, said("a"), said("b")) is ChangeState.EFFECTIVE
    assert after(ConsentRule.MAJORITY, said("a"), said("b", agreed=False)) is ChangeState.PENDING
    assert after(ConsentRule.MAJORITY, said("a", agreed=False), said("b", agreed=False)) is ChangeState.REFUSED
    even = replace(
        CHANGE, consent=ConsentRule.MAJORITY, asked=("a", "b"), consents=(said("a"), said("b", agreed=False))
    )
    assert outcome(even) is ChangeState.REFUSED


def test_where_nobody_is_asked_it_takes_effect_at_once() -> None:
    for rule in ConsentRule:
        assert outcome(replace(CHANGE, consent=rule, asked=())) is ChangeState.EFFECTIVE


def test_a_rule_that_asks_nobody_before_the_opening_asks_everybody_after_it() -> None:
    opened = replace(STAGE, state=StageState.COLLECTING, entrants=("a", "b"))
    assert who_is_asked(STAGE, ConsentRule.NONE_BEFORE_OPENING, ["a"]) == ()
    assert who_is_asked(STAGE, ConsentRule.ALL, ["b", "a"]) == ("a", "b")
    assert who_is_asked(opened, ConsentRule.NONE_BEFORE_OPENING, ["a"]) == ("a", "b")


@pytest.mark.parametrize(
    ("consent", "error"),
    [
        (said("z"), ConsentNotAskedError),
        (said("a", agreed=False), ConsentTakenError),
        (replace(said("b"), by_team=False), EvidenceMissingError),
        (replace(said("b"), by_team=False, evidence=(" ",)), EvidenceMissingError),
    ],
)
def test_a_consent_is_of_a_team_that_is_asked_once_and_by_staff_with_evidence(
    consent: Consent, error: type[RuleBrokenError]
) -> None:
    with pytest.raises(error):
        with_consent(with_consent(CHANGE, said("a")), consent)


def test_what_is_closed_stays_so() -> None:
    ended = closed(CHANGE, ChangeState.WITHDRAWN, NOW)
    assert (ended.state, ended.closed_at) == (ChangeState.WITHDRAWN, NOW)
    with pytest.raises(ChangeClosedError):
        with_consent(ended, said("a"))
    with pytest.raises(ChangeClosedError):
        closed(ended, ChangeState.EFFECTIVE, NOW + timedelta(days=1))


def test_a_change_is_to_a_newer_frozen_version_of_an_undecided_stage_for_a_reason() -> None:
    check_change(STAGE, OLD, FROZEN, "the data came late")
    with pytest.raises(ReasonMissingError):
        check_change(STAGE, OLD, FROZEN, " ")
    with pytest.raises(RuleSetNotFrozenError):
        check_change(STAGE, OLD, NEW, "x")
    with pytest.raises(NotANewerVersionError):
        check_change(STAGE, FROZEN, OLD, "x")
    with pytest.raises(NotANewerVersionError):
        check_change(STAGE, OLD, replace(FROZEN, id="other"), "x")
    with pytest.raises(StageDecidedError):
        check_change(replace(STAGE, state=StageState.FINAL), OLD, FROZEN, "x")
