"""Objections and cases before their panel: admitted or not, replied to or silent, evidence, withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from selection.domain import objections
from selection.domain.objection_proceeding import Outcome, Party, Proceeding, State
from selection.domain.objection_refusal import (
    EvidenceInvalidError,
    NotAPartyError,
    ProceedingStateError,
    ReplyLateError,
    TextInvalidError,
)

from tests.builders.objection_cases import (
    DIGEST,
    NOW,
    ZONE,
    admitted,
    heard,
    objected,
    replied,
    seated,
)

INSTANT = timedelta(microseconds=1)


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
