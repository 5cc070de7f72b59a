"""Objections and cases before their panel: filed in time, admitted or not, replied to or silent, withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selection.domain import objections
from selection.domain.agenda import HELD_GRACE, agenda
from selection.domain.objection_proceeding import Outcome, Party, Proceeding, State, holds
from selection.domain.objection_refusal import (
    AllegerUnknownError,
    EvidenceInvalidError,
    GroundUnknownError,
    NotAPartyError,
    ObjectionRepeatedError,
    ObjectionWaivedError,
    ProceedingStateError,
    ReplyDaysError,
    ReplyLateError,
    TextInvalidError,
    WindowClosedError,
)
from selection.domain.refusal import StageNotDecidedError, TeamUnknownError, VersionUnknownError
from selection.domain.stage import StageState
from selection.domain.waits import WaitCode

from tests.builders.objection_cases import (
    DIGEST,
    MIDNIGHT_AFTER_THE_TENTH_DAY,
    NOW,
    STAGE,
    ZONE,
    admitted,
    alleged,
    at,
    heard,
    objected,
    replied,
    seated,
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


def test_what_is_not_admitted_is_closed_with_its_reason() -> None:
    rejected = objections.reject(objected(), "about another stage", "kim", NOW)
    assert (rejected.outcome, rejected.admission_reason) == (Outcome.INADMISSIBLE, "about another stage")
    assert (rejected.owner, rejected.due, rejected.wake_at, rejected.alarm_at) == ("", None, None, None)
    with pytest.raises(TextInvalidError):
        objections.reject(objected(), "", "kim", NOW)
    with pytest.raises(ProceedingStateError):
        objections.admit(rejected, "after all", 0, "kim", ZONE, NOW)


def test_the_other_side_replies_in_time_or_its_silence_is_recorded_as_silence() -> None:
    asked = admitted()
    assert asked.reply_by is not None
    assert (asked.wake_at, asked.owner) == (asked.reply_by, "respondent")
    answered = objections.reply(asked, Party.RESPONDENT, "no", "lee", ZONE, asked.reply_by - INSTANT)
    assert (answered.state, answered.reply, answered.silent) == (State.SEATING, "no", False)
    silent = objections.fall_silent(asked, ZONE, asked.reply_by)
    assert (silent.state, silent.reply, silent.silent, silent.remedy, silent.outcome) == (
        State.SEATING,
        "",
        True,
        None,
        None,
    )
    for late in (asked, silent):
        with pytest.raises(ReplyLateError):
            objections.reply(late, Party.RESPONDENT, "no", "lee", ZONE, asked.reply_by)
    with pytest.raises(NotAPartyError):
        objections.reply(asked, Party.APPLICANT, "no", "member", ZONE, NOW)
    with pytest.raises(ProceedingStateError):
        objections.reply(answered, Party.RESPONDENT, "again", "lee", ZONE, NOW)


def evidence(found: Proceeding, **changes: Any) -> Proceeding:
    named: dict[str, Any] = {
        "party": Party.APPLICANT,
        "reference": "minutes.pdf",
        "sha256": DIGEST,
        "size_bytes": 1,
        "description": "page 4",
        "actor": "member:nc-ai",
        "now": NOW,
    } | changes
    return objections.with_evidence(found, *named.values())


def test_evidence_is_taken_until_the_panel_has_found_and_stays() -> None:
    for found in (objected(), admitted(), replied(), seated()):
        two = evidence(evidence(found), party=Party.RESPONDENT)
        assert [(each.number, each.party) for each in two.evidence] == [(1, Party.APPLICANT), (2, Party.RESPONDENT)]
    with pytest.raises(ProceedingStateError):
        evidence(objections.reject(objected(), "no", "kim", NOW))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sha256": DIGEST.upper()[:-1] + "A"}, EvidenceInvalidError),
        ({"sha256": DIGEST[1:]}, EvidenceInvalidError),
        ({"size_bytes": 0}, EvidenceInvalidError),
        ({"size_bytes": 10**12 + 1}, EvidenceInvalidError),
        ({"reference": ""}, TextInvalidError),
        ({"reference": "x" * 501}, TextInvalidError),
        ({"description": "x" * 2001}, TextInvalidError),
    ],
)
def test_evidence_without_hash_size_or_words_is_refused(changes: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        evidence(objected(), **changes)


def test_each_side_has_room_for_its_evidence_and_no_more() -> None:
    full = objected()
    for _ in range(objections.MOST_EVIDENCE):
        full = evidence(full)
    with pytest.raises(EvidenceInvalidError):
        evidence(full)
    assert evidence(full, party=Party.RESPONDENT).evidence[-1].number == objections.MOST_EVIDENCE + 1


def test_who_brought_it_withdraws_it_before_the_panel_has_found() -> None:
    for found in (objected(), admitted(), replied(), seated()):
        gone = objections.withdraw(found, Party.APPLICANT, "settled", NOW)
        assert (gone.outcome, gone.withdrawal_reason) == (Outcome.WITHDRAWN, "settled")
    with pytest.raises(NotAPartyError):
        objections.withdraw(objected(), Party.RESPONDENT, "settled", NOW)
    found_on = replace(heard(), state=State.FOUND)
    with pytest.raises(ProceedingStateError):
        objections.withdraw(found_on, Party.APPLICANT, "settled", NOW)


def test_a_decision_is_held_by_everything_open_also_what_nobody_has_ruled_on_yet() -> None:
    closed = objections.reject(objected(), "no", "kim", NOW)
    assert holds([]) == holds([closed]) == ()
    (wait,) = holds([closed, objected(), seated()])
    assert wait.code is WaitCode.PROCEEDINGS_OPEN
    assert dict(wait.facts)["count"] == "2"
    assert dict(wait.facts)["until"] == objections.utc_text(seated().due or NOW)


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
