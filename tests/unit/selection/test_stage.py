"""Rules of a stage's life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from rules import RuleSet, load_rule_set
from selection.domain import rule_set, stage
from selection.domain.refusal import (
    EntrantsSourceError,
    RuleSetFrozenLateError,
    RuleSetNotFrozenError,
    StageMismatchError,
    StageNotCollectingError,
)
from selection.domain.stage import Stage, StageState

if TYPE_CHECKING:
    from selection.domain.rule_set import KeptRuleSet

TEXT = (files("client") / "programmes" / "sovereign-ai" / "rule-sets" / "stage-1.yaml").read_text(encoding="utf-8")
RULES = load_rule_set(TEXT)
BEFORE = RULES.dates.opens - timedelta(days=1)


def with_days(days: int) -> RuleSet:
    return RULES.model_copy(update={"objections": RULES.objections.model_copy(update={"days": days})})


def frozen(at: datetime = BEFORE) -> KeptRuleSet:
    return rule_set.freeze(rule_set.publish(RULES, [], BEFORE), at)


def planned() -> Stage:
    return stage.plan("stage-1", frozen(), "", ["presentation"])


def test_a_planned_stage_has_the_dates_and_titles_of_its_rule_set() -> None:
    found = planned()
    assert (found.opens_at, found.decides_at) == (RULES.dates.opens, RULES.dates.decides)
    assert (found.title_ko, found.state) == (RULES.title.ko, StageState.PLANNED)


def test_only_a_rule_set_frozen_by_the_opening_governs_a_stage() -> None:
    with pytest.raises(RuleSetNotFrozenError):
        stage.plan("stage-1", rule_set.publish(RULES, [], BEFORE), "", ["presentation"])
    assert stage.plan("stage-1", frozen(RULES.dates.opens), "", ["presentation"])
    with pytest.raises(RuleSetFrozenLateError):
        stage.plan("stage-1", frozen(RULES.dates.opens + timedelta(microseconds=1)), "", ["presentation"])


def test_a_rule_set_governs_the_stage_it_is_for_and_its_teams_come_from_where_it_says() -> None:
    with pytest.raises(StageMismatchError):
        stage.plan("stage-2", frozen(), "", ["presentation"])
    for call, sources in (("", ()), ("call", ("presentation",)), ("call", ()), ("", ("written-review",))):
        with pytest.raises(EntrantsSourceError):
            stage.plan("stage-1", frozen(), call, sources)


def test_entrants_are_sorted_and_enter_once() -> None:
    opened = stage.open_with(planned(), ["upstage", "nc-ai", "upstage"], RULES.dates.opens)
    assert (opened.entrants, opened.state) == (("nc-ai", "upstage"), StageState.COLLECTING)


def test_only_a_collecting_stage_takes_verdicts() -> None:
    stage.require_collecting(stage.open_with(planned(), [], RULES.dates.opens))
    with pytest.raises(StageNotCollectingError):
        stage.require_collecting(planned())


@pytest.mark.parametrize(
    ("decided_at", "days", "final_at"),
    [
        # 15:00 in Seoul on the 15th; the tenth day after is the 25th.
        (datetime(2026, 1, 15, 6, tzinfo=UTC), 10, datetime(2026, 1, 25, 15, tzinfo=UTC)),
        # Already the 16th in Seoul.
        (datetime(2026, 1, 15, 15, tzinfo=UTC), 10, datetime(2026, 1, 26, 15, tzinfo=UTC)),
        # Over the end of a month of a leap year.
        (datetime(2028, 2, 19, 3, tzinfo=UTC), 10, datetime(2028, 2, 29, 15, tzinfo=UTC)),
        (datetime(2026, 1, 15, 6, tzinfo=UTC), 1, datetime(2026, 1, 16, 15, tzinfo=UTC)),
        (datetime(2026, 1, 15, 6, tzinfo=UTC), 0, datetime(2026, 1, 15, 6, tzinfo=UTC)),
    ],
)
def test_the_objection_window_ends_at_midnight_in_seoul(decided_at: datetime, days: int, final_at: datetime) -> None:
    assert stage.objection_end(with_days(days), decided_at) == final_at
    assert stage.decided(planned(), with_days(days), decided_at).final_at == final_at
