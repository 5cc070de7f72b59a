"""What an application must hold, and when a new version is one (intake-and-panels.md, "Application")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NewType

from intake.domain.call import CallId, TeamId, require_slug
from intake.domain.refusal import RuleBrokenError, require_text

if TYPE_CHECKING:
    from datetime import datetime

    from intake.domain.call import Call

ApplicationId = NewType("ApplicationId", str)

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
# RFC 8785 writes numbers as doubles: a larger whole number has no canonical form.
_LARGEST_SIZE_BYTES: Final = 2**53 - 1
# The event carries the canonical form and the same content as fields, and the broker takes less than a MiB.
_LARGEST_APPLICATION_BYTES: Final = 400_000


class TeamMismatchError(RuleBrokenError):
    """The application names another team than the request."""


class StudentsMissingError(RuleBrokenError):
    """The call requires students and no student takes part."""


class DocumentDigestError(RuleBrokenError):
    """A document's digest is not a SHA-256 in lower-case hex."""


class DocumentSizeError(RuleBrokenError):
    """A document's size is zero or has no canonical form."""


class DocumentRepeatedError(RuleBrokenError):
    """Two documents have the same name."""


class ApplicationTooLargeError(RuleBrokenError):
    """The application is too large to be kept and published whole; its documents travel by their digest."""


class ParticipantKindError(RuleBrokenError):
    """A participant's kind is unknown."""


class ParticipantRepeatedError(RuleBrokenError):
    """An organisation is named twice in one consortium."""


class ApplicationDuplicateError(RuleBrokenError):
    """The content is that of the current version."""


class ParticipantKind(Enum):
    """What an organisation is."""

    COMPANY = "company"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    OTHER = "other"


class ApplicationState(Enum):
    """What is known of an application."""

    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a consortium beside the lead; `students` counts people."""

    organisation: str
    kind: str
    students: int


@dataclass(frozen=True, slots=True)
class Document:
    """A document, known by its content."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a consortium hands in; `wished_gpus` in B200-equivalents."""

    call_id: CallId
    team_id: TeamId
    lead_ko: str
    lead_en: str
    participants: tuple[Participant, ...]
    plan: str
    contribution_plan: str
    target_model: str
    wished_gpus: int
    documents: tuple[Document, ...]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Application:
    """One version of an application, with its content."""

    application_id: ApplicationId
    version: int
    content: Content
    state: ApplicationState = ApplicationState.SUBMITTED


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a version was received; `application_json` is what the digest is over, `event_id` is in the log."""

    application_id: ApplicationId
    version: int
    application_sha256: str
    received_at: datetime
    application_json: bytes
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationReceived:
    """A version of an application was received; its receipt has no event id yet."""

    application: Application
    receipt: Receipt


def application_id(call_id: CallId, team_id: TeamId) -> ApplicationId:
    """Return the id of the one application that a team may have in a call."""
    return ApplicationId(f"{call_id}/{team_id}")


def check(content: Content, call: Call, team_id: TeamId) -> None:
    """Raise the `RuleBrokenError` of the first rule that `content`, handed in for `team_id`, breaks."""
    require_slug("team_id", team_id)
    if content.team_id != team_id:
        raise TeamMismatchError("application.team_id", content.team_id, f"must be the request's team, {team_id}")
    for name in ("lead_ko", "lead_en", "plan", "contribution_plan", "target_model"):
        require_text(f"application.{name}", getattr(content, name))
    _check_participants(content.participants)
    _check_documents(content.documents)
    students = sum(participant.students for participant in content.participants)
    if call.requires_students and students == 0:
        raise StudentsMissingError(
            "application.participants.students", "0", f"call {call.call_id} requires students to take part"
        )


def check_size(canonical: bytes) -> None:
    """Raise `ApplicationTooLargeError` where the canonical document of an application is too large to be published."""
    if len(canonical) > _LARGEST_APPLICATION_BYTES:
        rule = f"must have at most {_LARGEST_APPLICATION_BYTES} bytes in canonical form, without its documents"
        raise ApplicationTooLargeError("application", f"{len(canonical)} bytes", rule)


def next_version(current: Application | None, content: Content) -> Application:
    """Return `content` as the version after `current`; raise `ApplicationDuplicateError` where nothing has changed."""
    identity = application_id(content.call_id, content.team_id)
    if current is None:
        return Application(identity, 1, content)
    if current.content == content:
        raise ApplicationDuplicateError(
            "application", f"{identity}@{current.version}", "must differ from the current version"
        )
    return replace(current, version=current.version + 1, content=content, state=ApplicationState.SUBMITTED)


def document(application: Application) -> dict[str, Any]:
    """Return the JSON document of `application` that its receipt's digest is over: no state, no time."""
    content = application.content
    return {
        "application_id": application.application_id,
        "call_id": content.call_id,
        "contribution_plan": content.contribution_plan,
        "documents": [
            {"name": each.name, "sha256": each.sha256, "size_bytes": each.size_bytes} for each in content.documents
        ],
        "lead_en": content.lead_en,
        "lead_ko": content.lead_ko,
        "participants": [
            {"kind": each.kind, "organisation": each.organisation, "students": each.students}
            for each in content.participants
        ],
        "plan": content.plan,
        "synthetic": content.synthetic,
        "target_model": content.target_model,
        "team_id": content.team_id,
        "version": application.version,
        "wished_gpus": content.wished_gpus,
    }


def from_document(kept: dict[str, Any], state: ApplicationState) -> Application:
    """Return the application whose `document` is `kept`."""
    content = Content(
        call_id=CallId(kept["call_id"]),
        team_id=TeamId(kept["team_id"]),
        lead_ko=kept["lead_ko"],
        lead_en=kept["lead_en"],
        participants=tuple(Participant(**each) for each in kept["participants"]),
        plan=kept["plan"],
        contribution_plan=kept["contribution_plan"],
        target_model=kept["target_model"],
        wished_gpus=kept["wished_gpus"],
        documents=tuple(Document(**each) for each in kept["documents"]),
        synthetic=kept["synthetic"],
    )
    return Application(ApplicationId(kept["application_id"]), kept["version"], content, state)


def _check_participants(participants: tuple[Participant, ...]) -> None:
    known = {kind.value for kind in ParticipantKind}
    seen: set[str] = set()
    for position, each in enumerate(participants):
        field = f"application.participants[{position}]"
        require_text(f"{field}.organisation", each.organisation)
        if each.kind not in known:
            raise ParticipantKindError(f"{field}.kind", each.kind, f"must be one of {', '.join(sorted(known))}")
        if each.organisation in seen:
            raise ParticipantRepeatedError(f"{field}.organisation", each.organisation, "must be named once")
        seen.add(each.organisation)


def _check_documents(documents: tuple[Document, ...]) -> None:
    seen: set[str] = set()
    for position, each in enumerate(documents):
        field = f"application.documents[{position}]"
        require_text(f"{field}.name", each.name)
        if not _SHA256.fullmatch(each.sha256):
            raise DocumentDigestError(f"{field}.sha256", each.sha256, "must be a SHA-256, 64 lower-case hex digits")
        if not 0 < each.size_bytes <= _LARGEST_SIZE_BYTES:
            raise DocumentSizeError(f"{field}.size_bytes", str(each.size_bytes), f"must be 1 to {_LARGEST_SIZE_BYTES}")
        if each.name in seen:
            raise DocumentRepeatedError(f"{field}.name", each.name, "must be used once")
        seen.add(each.name)
