"""When a score is in time, and what is known to be underway."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rules import load_rule_set
from selection.domain.deciding import ScoringClose, underway
from selection.domain.refusal import ScoreLateError
from selection.domain.scores import check_in_time

from tests.builders.selection_cases import document
from tests.unit.selection.test_agenda import STAGE

RULES = load_rule_set(document("stage-1"))


def test_the_last_instant_itself_is_in_time() -> None:
    check_in_time(STAGE, STAGE.closes_at)
    with pytest.raises(ScoreLateError):
        check_in_time(STAGE, STAGE.closes_at + timedelta(microseconds=1))


def test_until_evaluation_says_what_it_has_nobody_knows_that_all_has_come() -> None:
    (waiting,) = underway(STAGE, RULES, None, {"nia": 5})
    assert waiting.code.value == "scoring-not-closed"
    moved = ScoringClose(STAGE.closes_at - timedelta(days=1), {"nia": 5})
    assert underway(STAGE, RULES, moved, {"nia": 5}) == (waiting,)


def test_a_decision_waits_for_what_was_handed_in_and_has_not_arrived() -> None:
    close = ScoringClose(STAGE.closes_at, {"nia": 5, "expert-panel": 10, "dropped": 3})
    (waiting,) = underway(STAGE, RULES, close, {"nia": 5, "expert-panel": 9})
    assert (waiting.code.value, dict(waiting.facts)) == (
        "scores-underway",
        {"source": "expert-panel", "have": "9", "handed_in": "10"},
    )
    assert underway(STAGE, RULES, close, {"nia": 5, "expert-panel": 10}) == ()
