"""Every state of a proceeding has an owner and a deadline, and what is open holds the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from selection.domain import objections
from selection.domain.agenda import HELD_GRACE, agenda
from selection.domain.objection_proceeding import Party, holds, utc_text
from selection.domain.objection_refusal import (
    NotAPartyError,
    ReplyDaysError,
)
from selection.domain.waits import WaitCode

from tests.builders.objection_cases import (
    MIDNIGHT_AFTER_THE_TENTH_DAY,
    NOW,
    STAGE,
    ZONE,
    admitted,
    alleged,
    objected,
    replied,
    seated,
)

INSTANT = timedelta(microseconds=1)


def test_a_team_is_one_side_and_the_programme_is_the_other() -> None:
    objection, case = objected(), alleged()
    assert (objection.party_of("nc-ai"), objection.party_of("")) == (Party.APPLICANT, Party.RESPONDENT)
    assert (case.party_of("naver-cloud"), case.party_of("")) == (Party.RESPONDENT, Party.APPLICANT)
    with pytest.raises(NotAPartyError):
        objection.party_of("naver-cloud")


def test_deadlines_are_midnights_of_calendar_days_in_the_zone_of_the_rules() -> None:
    for found in (objected(), admitted(), replied(), seated()):
        assert found.due is not None
        assert found.due.astimezone(ZoneInfo(ZONE)).strftime("%H:%M:%S") == "00:00:00"
    asked = objections.admit(objected(), "in time", 5, "kim", ZONE, NOW)
    assert asked.due == datetime(2026, 1, 23, tzinfo=ZoneInfo(ZONE))
    for days in (4, 31):
        with pytest.raises(ReplyDaysError):
            objections.admit(objected(), "in time", days, "kim", ZONE, NOW)


def test_a_decision_is_held_by_everything_open_also_what_nobody_has_ruled_on_yet() -> None:
    closed = objections.reject(objected(), "no", "kim", NOW)
    assert holds([]) == holds([closed]) == ()
    (wait,) = holds([closed, objected(), seated()])
    assert wait.code is WaitCode.PROCEEDINGS_OPEN
    assert dict(wait.facts)["count"] == "2"
    assert dict(wait.facts)["until"] == utc_text(seated().due or NOW)


def test_a_held_stage_is_staffs_and_wakes_when_what_holds_it_is_closed() -> None:
    held = agenda(replace(STAGE, waits=holds([objected()])))
    assert (held.owner, held.wake_at, held.deadline) == ("staff", None, MIDNIGHT_AFTER_THE_TENTH_DAY + HELD_GRACE)
    assert [each.code for each in held.waits] == [WaitCode.PROCEEDINGS_OPEN]


def test_every_open_state_has_an_owner_a_deadline_and_an_alarm_not_before_it() -> None:
    for found in (objected(), admitted(), replied(), seated()):
        assert found.owner
        assert found.due is not None
        assert found.alarm_at is not None
        assert found.alarm_at >= found.due
