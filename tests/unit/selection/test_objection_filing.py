"""An objection is filed in time, once, by a team that has not waived it; a case by whom the stage knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from selection.domain import objections
from selection.domain.objection_proceeding import Party, State
from selection.domain.objection_refusal import (
    AllegerUnknownError,
    GroundUnknownError,
    ObjectionRepeatedError,
    ObjectionWaivedError,
    TextInvalidError,
    WindowClosedError,
)
from selection.domain.refusal import StageNotDecidedError, TeamUnknownError, VersionUnknownError
from selection.domain.stage import StageState

from tests.builders.objection_cases import (
    MIDNIGHT_AFTER_THE_TENTH_DAY,
    NOW,
    STAGE,
    alleged,
    at,
    objected,
)

INSTANT = timedelta(microseconds=1)


def test_an_objection_is_in_time_until_the_midnight_after_the_tenth_day() -> None:
    assert STAGE.final_at == MIDNIGHT_AFTER_THE_TENTH_DAY
    filed = objected(MIDNIGHT_AFTER_THE_TENTH_DAY - INSTANT)
    assert (filed.id, filed.state, filed.owner) == ("stage-1-objection-1", State.FILED, "staff")
    for late in (at(StageState.OBJECTION), at(StageState.FINAL)):
        with pytest.raises(WindowClosedError) as refused:
            objected(MIDNIGHT_AFTER_THE_TENTH_DAY, late)
        assert refused.value.window_ends_at == "2026-01-25T15:00:00Z"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ground": "technical"}, GroundUnknownError),
        ({"team": "kakao"}, TeamUnknownError),
        ({"version": 2}, VersionUnknownError),
        ({"waived": ("nc-ai",)}, ObjectionWaivedError),
        ({"others": (objected(),)}, ObjectionRepeatedError),
        ({"statement": " "}, TextInvalidError),
        ({"statement": "x" * 20_001}, TextInvalidError),
        ({"stage": at(StageState.COLLECTING)}, StageNotDecidedError),
    ],
)
def test_an_objection_that_breaks_a_rule_is_refused_by_its_name(changes: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        objected(**changes)


def test_a_closed_objection_hinders_no_other_one_on_its_ground() -> None:
    withdrawn = objections.withdraw(objected(), Party.APPLICANT, "a misunderstanding", NOW)
    assert objected(others=(withdrawn, objected(ground="conflict"), alleged())).is_open


def test_a_case_is_opened_by_staff_or_by_an_assessor_whom_the_stage_knows() -> None:
    assert alleged().filed_by == "kim"
    assert alleged(assessor="judge-1", known={"judge-1"}).filed_by == "judge-1"
    assert alleged(stage=replace(at(StageState.COLLECTING), decision_version=0)).version == 0
    with pytest.raises(AllegerUnknownError):
        alleged(assessor="judge-1", known={"judge-2"})
    for changes in ({"team": "kakao"}, {"stage": at(StageState.PLANNED)}):
        with pytest.raises(TeamUnknownError):
            alleged(**changes)
    with pytest.raises(GroundUnknownError):
        alleged(ground="calculation")
