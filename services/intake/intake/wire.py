"""Between the contract's messages and intake's own shapes; and what each refusal looks like from outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, assert_never

from common.errors import FieldInvalidError, Reason, Reasons
from common.instants import stamp
from dokpamo.intake.v1 import events_pb2, service_pb2
from grpc import StatusCode

from intake.domain import application as applications
from intake.domain import call as calls
from intake.domain import eligibility, refusal
from intake.domain.application import Application, ApplicationReceived, Content, Document, Participant, Receipt
from intake.domain.call import Call, CallAnnounced, CallEnded, CallId, TeamId
from intake.domain.eligibility import EligibilityCheck

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp


REASONS: Final[Reasons] = {
    refusal.FieldEmptyError: Reason(StatusCode.INVALID_ARGUMENT, "FIELD_EMPTY"),
    refusal.NameInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "NAME_INVALID"),
    calls.CallWindowEmptyError: Reason(StatusCode.INVALID_ARGUMENT, "CALL_WINDOW_EMPTY"),
    calls.CallWindowPastError: Reason(StatusCode.FAILED_PRECONDITION, "CALL_WINDOW_PAST"),
    calls.CallTakenError: Reason(StatusCode.ALREADY_EXISTS, "CALL_TAKEN"),
    calls.CallNotOpenError: Reason(StatusCode.FAILED_PRECONDITION, "CALL_NOT_OPEN"),
    calls.ApplicationLateError: Reason(StatusCode.FAILED_PRECONDITION, "APPLICATION_LATE"),
    applications.ApplicationDuplicateError: Reason(StatusCode.ALREADY_EXISTS, "APPLICATION_DUPLICATE"),
    applications.TeamMismatchError: Reason(StatusCode.INVALID_ARGUMENT, "APPLICATION_TEAM_MISMATCH"),
    applications.StudentsMissingError: Reason(StatusCode.INVALID_ARGUMENT, "STUDENTS_MISSING"),
    applications.ParticipantKindError: Reason(StatusCode.INVALID_ARGUMENT, "PARTICIPANT_KIND_UNKNOWN"),
    applications.ParticipantRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "PARTICIPANT_REPEATED"),
    applications.ApplicationTooLargeError: Reason(StatusCode.INVALID_ARGUMENT, "APPLICATION_TOO_LARGE"),
    applications.DocumentDigestError: Reason(StatusCode.INVALID_ARGUMENT, "DOCUMENT_DIGEST_INVALID"),
    applications.DocumentSizeError: Reason(StatusCode.INVALID_ARGUMENT, "DOCUMENT_SIZE_INVALID"),
    applications.DocumentRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "DOCUMENT_REPEATED"),
    eligibility.ApplicantsFinalError: Reason(StatusCode.FAILED_PRECONDITION, "APPLICANTS_FINAL"),
}
"""What intake's refusals look like from outside."""

_LAST_SECOND: Final = int(datetime(3000, 1, 1, tzinfo=UTC).timestamp())
_NANOSECONDS: Final = 10**9


def to_call(message: service_pb2.Call) -> Call:
    """Return the call that `message` announces.

    Raises `FieldEmptyError` for an instant that is not set, and `FieldInvalidError` for one that no calendar has.
    """
    return Call(
        call_id=CallId(message.call_id),
        title_ko=message.title_ko,
        title_en=message.title_en,
        opens_at=_instant(message, "opens_at"),
        closes_at=_instant(message, "closes_at"),
        requires_students=message.requires_students,
    )


def _instant(message: service_pb2.Call, name: Literal["opens_at", "closes_at"]) -> datetime:
    if not message.HasField(name):
        raise refusal.FieldEmptyError(f"call.{name}")
    found: Timestamp = getattr(message, name)
    if not 0 <= found.seconds < _LAST_SECOND or not 0 <= found.nanos < _NANOSECONDS:
        rule = "must be an instant from 1970 to 2999, its nanoseconds from 0 to 999999999"
        raise FieldInvalidError(f"call.{name}", f"{found.seconds} s and {found.nanos} ns", rule)
    return found.ToDatetime(UTC)


def from_call(call: Call) -> service_pb2.Call:
    """Return `call` as a message."""
    return service_pb2.Call(
        call_id=call.call_id,
        title_ko=call.title_ko,
        title_en=call.title_en,
        opens_at=stamp(call.opens_at),
        closes_at=stamp(call.closes_at),
        requires_students=call.requires_students,
        state=call.state.value,
    )


def to_content(message: service_pb2.Application) -> Content:
    """Return what a consortium hands in with `message`; id, version and state are not read."""
    return Content(
        call_id=CallId(message.call_id),
        team_id=TeamId(message.team_id),
        lead_ko=message.lead_ko,
        lead_en=message.lead_en,
        participants=tuple(Participant(each.organisation, each.kind, each.students) for each in message.participants),
        plan=message.plan,
        contribution_plan=message.contribution_plan,
        target_model=message.target_model,
        wished_gpus=message.wished_gpus,
        documents=tuple(Document(each.name, each.sha256, each.size_bytes) for each in message.documents),
        synthetic=message.synthetic,
    )


def from_application(application: Application) -> service_pb2.Application:
    """Return `application` as a message."""
    content = application.content
    return service_pb2.Application(
        application_id=application.application_id,
        call_id=content.call_id,
        team_id=content.team_id,
        version=application.version,
        lead_ko=content.lead_ko,
        lead_en=content.lead_en,
        participants=[
            service_pb2.Participant(organisation=each.organisation, kind=each.kind, students=each.students)
            for each in content.participants
        ],
        plan=content.plan,
        contribution_plan=content.contribution_plan,
        target_model=content.target_model,
        wished_gpus=content.wished_gpus,
        documents=[
            service_pb2.Document(name=each.name, sha256=each.sha256, size_bytes=each.size_bytes)
            for each in content.documents
        ],
        synthetic=content.synthetic,
        state=application.state.value,
    )


def from_receipt(receipt: Receipt, *, with_content: bool = True) -> service_pb2.Receipt:
    """Return `receipt` as a message; without its content it names no more than the digest."""
    return service_pb2.Receipt(
        application_id=receipt.application_id,
        version=receipt.version,
        application_sha256=receipt.application_sha256,
        received_at=stamp(receipt.received_at),
        event_id=receipt.event_id,
        application_json=receipt.application_json if with_content else b"",
    )


def to_check(message: service_pb2.RecordEligibilityRequest) -> EligibilityCheck:
    """Return the verdict that `message` records."""
    identity = applications.application_id(CallId(message.call_id), TeamId(message.team_id))
    return EligibilityCheck(identity, message.check, message.passed, message.evidence)


def event_message(event: CallAnnounced | CallEnded | ApplicationReceived | EligibilityCheck) -> Message:
    """Return `event` as the contract's event message."""
    match event:
        case CallAnnounced(call):
            return events_pb2.CallOpened(call_id=call.call_id, call=from_call(call))
        case CallEnded(call_id, team_ids, ineligible):
            return events_pb2.CallClosed(call_id=call_id, team_ids=team_ids, ineligible_team_ids=ineligible)
        case ApplicationReceived(application, receipt):
            return events_pb2.ApplicationSubmitted(
                application_id=application.application_id,
                receipt=from_receipt(receipt),
                application=from_application(application),
            )
        case EligibilityCheck(identity, check, passed, evidence):
            return events_pb2.EligibilityRecorded(
                application_id=identity, check=check, passed=passed, evidence=evidence
            )
        case _:
            assert_never(event)
