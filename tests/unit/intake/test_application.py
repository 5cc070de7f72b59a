from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from intake.domain.application import (
    Application,
    ApplicationDuplicateError,
    ApplicationId,
    ApplicationState,
    ApplicationTooLargeError,
    Content,
    Document,
    DocumentDigestError,
    DocumentRepeatedError,
    DocumentSizeError,
    Participant,
    ParticipantKindError,
    ParticipantRepeatedError,
    StudentsMissingError,
    TeamMismatchError,
    check,
    check_size,
    document,
    from_document,
    next_version,
)
from intake.domain.call import CallState, TeamId
from intake.domain.eligibility import (
    ApplicantsFinalError,
    EligibilityCheck,
    confirm,
    require_list_kept,
    state_after,
)
from intake.domain.refusal import FieldEmptyError, NameInvalidError

from tests.unit.intake.test_call import CALL

if TYPE_CHECKING:
    from intake.domain.refusal import RuleBrokenError

LG = TeamId("lg-ai-research")
PLAN = Document("plan.pdf", "ab" * 32, 10)
CONTENT = Content(
    call_id=CALL.call_id,
    team_id=LG,
    lead_ko="LG AI연구원",
    lead_en="LG AI Research",
    participants=(Participant("KAIST", "university", 3),),
    plan="plan",
    contribution_plan="open weights",
    target_model="frontier",
    wished_gpus=512,
    documents=(PLAN,),
    synthetic=True,
)


def test_a_complete_application_is_accepted() -> None:
    check(CONTENT, CALL, LG)


def test_an_application_for_another_team_than_the_requests_is_refused() -> None:
    with pytest.raises(TeamMismatchError) as refused:
        check(CONTENT, CALL, TeamId("upstage"))
    assert refused.value.field == "application.team_id"


def test_a_call_that_requires_students_refuses_a_consortium_without_any() -> None:
    without = replace(CONTENT, participants=(Participant("KAIST", "university", 0),))
    with pytest.raises(StudentsMissingError):
        check(without, CALL, LG)
    check(without, replace(CALL, requires_students=False), LG)


@pytest.mark.parametrize("field", ["lead_ko", "lead_en", "plan", "contribution_plan", "target_model"])
def test_a_field_that_must_say_something_may_not_be_blank(field: str) -> None:
    blank: dict[str, Any] = {field: " "}
    content = replace(CONTENT, **blank)
    with pytest.raises(FieldEmptyError) as refused:
        check(content, CALL, LG)
    assert refused.value.field == f"application.{field}"


@pytest.mark.parametrize(
    ("documents", "error"),
    [
        ((replace(PLAN, sha256="AB" * 32),), DocumentDigestError),
        ((replace(PLAN, sha256="ab" * 31),), DocumentDigestError),
        ((replace(PLAN, sha256="ab" * 32 + "\n"),), DocumentDigestError),
        ((replace(PLAN, size_bytes=0),), DocumentSizeError),
        ((replace(PLAN, size_bytes=2**53),), DocumentSizeError),
        ((PLAN, PLAN), DocumentRepeatedError),
        ((replace(PLAN, name=""),), FieldEmptyError),
    ],
)
def test_a_document_needs_a_name_of_its_own_a_digest_and_a_size(
    documents: tuple[Document, ...], error: type[RuleBrokenError]
) -> None:
    with pytest.raises(error):
        check(replace(CONTENT, documents=documents), CALL, LG)


@pytest.mark.parametrize(
    ("participants", "error"),
    [
        ((Participant("KAIST", "school", 1),), ParticipantKindError),
        ((Participant("KAIST", "university", 1), Participant("KAIST", "institute", 1)), ParticipantRepeatedError),
        ((Participant("", "university", 1),), FieldEmptyError),
    ],
)
def test_a_participant_is_named_once_with_a_known_kind(
    participants: tuple[Participant, ...], error: type[RuleBrokenError]
) -> None:
    with pytest.raises(error):
        check(replace(CONTENT, participants=participants), CALL, LG)


def test_the_first_version_is_1_and_each_change_is_the_next() -> None:
    first = next_version(None, CONTENT)
    second = next_version(first, replace(CONTENT, plan="better"))
    assert (first.version, second.version) == (1, 2)
    assert first.application_id == second.application_id == "sovereign-ai-2025/lg-ai-research"


def test_the_same_content_again_is_a_duplicate() -> None:
    with pytest.raises(ApplicationDuplicateError) as refused:
        next_version(next_version(None, CONTENT), CONTENT)
    assert refused.value.value == "sovereign-ai-2025/lg-ai-research@1"


def test_a_new_version_of_an_ineligible_application_is_submitted_again() -> None:
    ineligible = replace(next_version(None, CONTENT), state=ApplicationState.INELIGIBLE)
    assert next_version(ineligible, replace(CONTENT, plan="b")).state is ApplicationState.SUBMITTED


def test_the_canonical_document_gives_the_application_back() -> None:
    application = Application(ApplicationId("c/t"), 3, CONTENT)
    canonical = rfc8785.dumps(document(application))
    assert from_document(json.loads(canonical), ApplicationState.SUBMITTED) == application


def test_one_failed_check_makes_an_application_ineligible_and_none_leaves_it_submitted() -> None:
    assert state_after({}) is ApplicationState.SUBMITTED
    assert state_after({"a": True, "b": True}) is ApplicationState.ELIGIBLE
    assert state_after({"a": True, "b": False}) is ApplicationState.INELIGIBLE


def test_an_eligibility_check_needs_a_name_and_evidence() -> None:
    identity = ApplicationId("c/t")
    with pytest.raises(NameInvalidError):
        confirm(EligibilityCheck(identity, "Students Present", passed=True, evidence="list"))
    with pytest.raises(FieldEmptyError):
        confirm(EligibilityCheck(identity, "students-present", passed=True, evidence=""))


def test_a_check_after_the_closing_may_not_change_who_counts() -> None:
    submitted, eligible, ineligible = ApplicationState
    failed = EligibilityCheck(ApplicationId("call/lg"), "readable", passed=False, evidence="empty")
    closed = replace(CALL, state=CallState.CLOSED)
    for before, after in ((submitted, ineligible), (eligible, ineligible), (ineligible, eligible)):
        require_list_kept(CALL, failed, before, after)
        with pytest.raises(ApplicantsFinalError):
            require_list_kept(closed, failed, before, after)
    for before, after in ((submitted, eligible), (eligible, eligible), (ineligible, ineligible)):
        require_list_kept(closed, failed, before, after)


def test_an_application_is_no_larger_than_its_event_may_be() -> None:
    check_size(b"x" * 400_000)
    with pytest.raises(ApplicationTooLargeError) as refused:
        check_size(b"x" * 400_001)
    assert refused.value.value == "400001 bytes"
